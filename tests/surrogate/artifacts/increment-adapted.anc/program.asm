memory 7
registers r0=0 r1=0 r2=0 r3=3
  0  r3 = INC r0
  1  r1 = READ r0
  2  r1 = INC r1
  3  r2 = WRITE r0, r1
  4  r0 = INC r0
  5  r3 = JEZ r2, r3
  6  STOP
