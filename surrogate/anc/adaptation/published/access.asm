; access: the k-th value of an array. 5 lines, 3 registers, M = 10
memory 10
registers r0=0 r1=0 r2=?
  0  r1 = READ r0
  1  r1 = INC r1
  2  r1 = READ r1
  3  r2 = WRITE r0, r1
  4  r2 = STOP
