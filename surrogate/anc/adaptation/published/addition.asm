; addition: the sum by repeated increments. 8 lines, 6 registers, M = 15
memory 15
registers r0=6 r1=2 r2=0 r3=1 r4=0 r5=0
  0  r4 = READ r4, r5
  1  r3 = READ r3, r5
  2  r5 = JEZ r3, r0
  3  r3 = DEC r3, r5
  4  r4 = INC r4, r5
  5  r5 = JEZ r2, r1
  6  r5 = WRITE r2, r4
  7  r5 = STOP r5, r5
