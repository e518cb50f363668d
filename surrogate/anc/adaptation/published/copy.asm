; copy: an array copied. 8 lines, 7 registers, M = 15
memory 15
registers r0=1 r1=0 r2=? r3=7 r4=0 r5=1 r6=?
  0  r1 = READ r1
  1  r2 = READ r0
  2  r6 = JEZ r2, r3
  3  r6 = WRITE r1, r2
  4  r0 = INC r0
  5  r1 = INC r1
  6  r6 = JEZ r4, r5
  7  r6 = STOP
