/* Numerics: number of set bits of a byte, by adding neighbours in parallel. */

#pragma surrogate range(bits, 0, 255)
#pragma surrogate range(return, 0, 8)
int population_count(unsigned char bits)
{
    unsigned int b = bits;

    b = b - ((b >> 1) & 0x55);
    b = (b & 0x33) + ((b >> 2) & 0x33);
    return (int)((b + (b >> 4)) & 0x0F);
}
