/* Whether an array reads the same backwards.

   Tape: n, A[0], ..., A[n - 1]
   Afterwards cell 0 holds 1 or 0. */

void palindrome(int *mem)
{
    int left = 1;
    int right = mem[0];

    while (left < right) {
        if (mem[left] != mem[right]) {
            mem[0] = 0;
            return;
        }
        left++;
        right--;
    }
    mem[0] = 1;
}
