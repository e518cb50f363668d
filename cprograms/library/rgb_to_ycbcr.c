/* Graphics: full-range YCbCr of an 8-bit RGB colour, JFIF 1.02 coefficients in 16-bit fixed point. */

typedef struct {
    unsigned char y, cb, cr;
} ycbcr;

enum { SHIFT = 16, HALF = 1 << (SHIFT - 1), CENTRE = 128 << SHIFT };

static unsigned char clamp(int value)
{
    return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#pragma surrogate range(red, 0, 255)
#pragma surrogate range(green, 0, 255)
#pragma surrogate range(blue, 0, 255)
#pragma surrogate range(y, 0, 255)
#pragma surrogate range(cb, 0, 255)
#pragma surrogate range(cr, 0, 255)
ycbcr rgb_to_ycbcr(unsigned char red, unsigned char green, unsigned char blue)
{
    ycbcr out;

    out.y = clamp((19595 * red + 38470 * green + 7471 * blue + HALF) >> SHIFT);
    out.cb = clamp((-11059 * red - 21709 * green + 32768 * blue + CENTRE + HALF) >> SHIFT);
    out.cr = clamp((32768 * red - 27439 * green - 5329 * blue + CENTRE + HALF) >> SHIFT);
    return out;
}
