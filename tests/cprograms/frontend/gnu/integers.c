typedef unsigned long ulong;
long f(int a, long b, unsigned short c, ulong d) {
    return ((a & 7) << 3 ^ (int)b) + (b >> 1) + (long)(d >> 60) + (c * 3u % 7) + 0xFFul + 017 + 'A' + L'b' + '\n' + '\x41';
}
