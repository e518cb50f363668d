/* Graphics: transfer function from a linear component to an sRGB one, IEC 61966-2-1; both in 0..1. */
#include <math.h>

#pragma surrogate range(linear, 0, 1)
#pragma surrogate range(return, 0, 1)
float srgb_encode(float linear)
{
    if (linear <= 0.0031308f)
        return 12.92f * linear;
    return 1.055f * powf(linear, 1.0f / 2.4f) - 0.055f;
}
