void listk(int *mem)
{
  int node = 0;
  int k = mem[1];
  do
    node = mem[node];
  while ((--k) != 0);
  mem[mem[2]] = mem[node + 1];
}

