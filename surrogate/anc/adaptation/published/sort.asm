; sort: bubble sort upwards. 21 lines, 10 registers, M = 21
memory 21
registers r0=18 r1=16 r2=8 r3=0 r4=0 r5=0 r6=0 r7=1 r8=0 r9=0
  0  r5 = READ r8, r9
  1  r8 = INC r8, r9
  2  r4 = READ r8, r9
  3  r9 = JEZ r4, r1
  4  r3 = MIN r5, r4
  5  r3 = SUB r4, r3
  6  r9 = JEZ r3, r2
  7  r9 = JEZ r6, r6
  8  r3 = SUB r5, r4
  9  r9 = JEZ r3, r6
 10  r9 = WRITE r8, r5
 11  r8 = DEC r8, r9
 12  r9 = WRITE r8, r4
 13  r8 = INC r8, r9
 14  r7 = ZERO r9, r9
 15  r9 = JEZ r6, r6
 16  r9 = JEZ r7, r0
 17  r9 = STOP r9, r9
 18  r8 = ZERO r9, r9
 19  r7 = INC r7, r9
 20  r9 = JEZ r6, r6
