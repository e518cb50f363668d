/* Graphics: transfer function from an sRGB component to a linear one, IEC 61966-2-1; both in 0..1. */
#include <math.h>

#pragma surrogate range(encoded, 0, 1)
#pragma surrogate range(return, 0, 1)
float srgb_decode(float encoded)
{
    return encoded <= 0.04045f ? encoded / 12.92f : powf((encoded + 0.055f) / 1.055f, 2.4f);
}
