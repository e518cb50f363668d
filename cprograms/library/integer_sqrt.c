/* Numerics: floor of the square root of a 16-bit number, bit by bit. */

#pragma surrogate range(value, 0, 65535)
#pragma surrogate range(return, 0, 255)
unsigned int integer_sqrt(unsigned int value)
{
    unsigned int root = 0;
    unsigned int bit = 1u << 14;

    while (bit != 0) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return root;
}
