; list_search: the node of a linked list that has a value. 10 lines, 8 registers, M = 15
memory 15
registers r0=0 r1=1 r2=2 r3=8 r4=0 r5=2 r6=? r7=?
  0  r1 = READ r1
  1  r2 = READ r2
  2  r0 = READ r0
  3  r6 = INC r0
  4  r6 = READ r6
  5  r6 = SUB r1, r6
  6  r7 = JEZ r6, r3
  7  r7 = JEZ r4, r5
  8  r7 = WRITE r2, r0
  9  r7 = STOP
