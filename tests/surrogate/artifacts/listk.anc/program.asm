memory 20
registers r0=1 r1=? r2=0 r3=5 r4=0 r5=2
  0  r1 = READ r0
  1  r2 = READ r2
  2  r1 = DEC r1
  3  r4 = JEZ r1, r3
  4  r4 = JEZ r4, r0
  5  r4 = INC r2
  6  r4 = READ r4
  7  r5 = READ r5
  8  r5 = WRITE r5, r4
  9  STOP
