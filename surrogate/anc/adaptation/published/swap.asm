; swap: two values of an array change places. 9 lines, 5 registers, M = 10
memory 10
registers r0=0 r1=1 r2=? r3=? r4=2
  0  r0 = READ r0
  1  r0 = ADD r0, r4
  2  r1 = READ r1
  3  r1 = ADD r1, r4
  4  r2 = READ r0
  5  r3 = READ r1
  6  r4 = WRITE r0, r3
  7  r4 = WRITE r1, r2
  8  r4 = STOP
