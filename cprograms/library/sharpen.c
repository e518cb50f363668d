/* Graphics: 3x3 sharpening kernel (centre 5, neighbours -1) of 8-bit pixels, clamped to 0..255. */

#pragma surrogate range(north_west, 0, 255)
#pragma surrogate range(north, 0, 255)
#pragma surrogate range(north_east, 0, 255)
#pragma surrogate range(west, 0, 255)
#pragma surrogate range(centre, 0, 255)
#pragma surrogate range(east, 0, 255)
#pragma surrogate range(south_west, 0, 255)
#pragma surrogate range(south, 0, 255)
#pragma surrogate range(south_east, 0, 255)
#pragma surrogate range(return, 0, 255)
int sharpen(int north_west, int north, int north_east,
            int west, int centre, int east,
            int south_west, int south, int south_east)
{
    const int kernel[9] = {0, -1, 0, -1, 5, -1, 0, -1, 0};
    const int pixels[9] = {north_west, north, north_east, west, centre, east, south_west, south, south_east};
    int sum = 0;

    for (int i = 0; i < 9; ++i)
        sum += kernel[i] * pixels[i];
    if (sum < 0)
        return 0;
    return sum > 255 ? 255 : sum;
}
