/* Graphics: mipmap level of a texture lookup from its footprint's derivatives in texels per pixel, levels 0..8. */
#include <math.h>

#pragma surrogate range(dudx, -4, 4)
#pragma surrogate range(dvdx, -4, 4)
#pragma surrogate range(dudy, -4, 4)
#pragma surrogate range(dvdy, -4, 4)
float mip_level(float dudx, float dvdx, float dudy, float dvdy)
{
    float across = hypotf(dudx, dvdx);
    float down = hypotf(dudy, dvdy);
    float footprint = across > down ? across : down;

    if (footprint <= 1.0f)
        return 0.0f;
    return fminf(log2f(footprint), 8.0f);
}
