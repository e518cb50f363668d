; reverse: an array copied backwards. 12 lines, 8 registers, M = 15
memory 15
registers r0=1 r1=? r2=5 r3=0 r4=1 r5=0 r6=11 r7=?
  0  r5 = READ r5
  1  r1 = READ r0
  2  r7 = JEZ r1, r2
  3  r0 = INC r0
  4  r7 = JEZ r3, r4
  5  r0 = DEC r0
  6  r7 = JEZ r0, r6
  7  r1 = READ r0
  8  r7 = WRITE r5, r1
  9  r5 = INC r5
 10  r7 = JEZ r3, r2
 11  r7 = STOP
