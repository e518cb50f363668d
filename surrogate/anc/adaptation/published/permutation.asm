; permutation: an array permuted. 12 lines, 8 registers, M = 15
memory 15
registers r0=14 r1=? r2=4 r3=0 r4=0 r5=0 r6=11 r7=?
  0  r0 = INC r0
  1  r1 = READ r0
  2  r7 = JEZ r1, r2
  3  r7 = JEZ r3, r4
  4  r1 = READ r5
  5  r7 = JEZ r1, r6
  6  r1 = ADD r0, r1
  7  r1 = READ r1
  8  r7 = WRITE r5, r1
  9  r5 = INC r5
 10  r7 = JEZ r4, r2
 11  r7 = STOP
