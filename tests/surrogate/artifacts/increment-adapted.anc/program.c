void increment(int *mem)
{
  for (int i = 0; mem[i] != 0; i++)
    mem[i]++;

}

