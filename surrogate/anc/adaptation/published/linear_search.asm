; linear_search: the cell of a value in an array. 8 lines, 7 registers, M = 15
memory 15
registers r0=6 r1=0 r2=1 r3=0 r4=0 r5=1 r6=0
  0  r3 = READ r4, r6
  1  r1 = READ r5, r6
  2  r1 = SUB r1, r3
  3  r6 = JEZ r1, r0
  4  r5 = INC r5, r6
  5  r6 = JEZ r4, r2
  6  r6 = WRITE r4, r5
  7  r6 = STOP r6, r6
