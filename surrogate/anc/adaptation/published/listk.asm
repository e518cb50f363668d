; listk: the k-th value of a linked list. 10 lines, 7 registers, M = 20
memory 20
registers r0=0 r1=1 r2=2 r3=6 r4=0 r5=2 r6=?
  0  r1 = READ r1
  1  r2 = READ r2
  2  r0 = READ r0
  3  r1 = DEC r1
  4  r6 = JEZ r1, r3
  5  r6 = JEZ r4, r5
  6  r0 = INC r0
  7  r0 = READ r0
  8  r6 = WRITE r2, r0
  9  r6 = STOP
