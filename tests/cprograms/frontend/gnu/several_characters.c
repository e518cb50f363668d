enum { RIFF = 'RIFF', TAB = '\t\n' };
static const int table['\0\4'] = {'ab', 'a\x41', '\377a', 'zzzz'};
long f(int a, double x) {
    switch (a & 3) {
    case 'ab' & 3: return table[a & 3] + RIFF;
    case 1: return (long)(x * 'xyz') - 'Z\377\\\'';
    }
    return table[a & 3] - TAB;
}
