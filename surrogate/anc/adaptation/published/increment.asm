; increment: an array incremented in place. 7 lines, 6 registers, M = 7
memory 7
registers r0=0 r1=? r2=6 r3=0 r4=0 r5=?
  0  r1 = READ r0
  1  r5 = JEZ r1, r2
  2  r1 = INC r1
  3  r5 = WRITE r0, r1
  4  r0 = INC r0
  5  r5 = JEZ r4, r3
  6  r5 = STOP
