; walk_bst: the value that turns in a binary tree lead to. 11 lines, 8 registers, M = 30
memory 30
registers r0=0 r1=1 r2=2 r3=8 r4=0 r5=2 r6=? r7=?
  0  r0 = READ r0
  1  r1 = READ r1
  2  r7 = READ r2
  3  r6 = JEZ r7, r3
  4  r0 = ADD r0, r7
  5  r0 = READ r0
  6  r2 = INC r2
  7  r6 = JEZ r4, r5
  8  r0 = READ r0
  9  r6 = WRITE r1, r0
 10  r6 = STOP
