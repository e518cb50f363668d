/* Control: an input with a dead band of half-width `width` about 0 taken out. */

#pragma surrogate range(x, -2, 2)
#pragma surrogate range(width, 0, 1)
#pragma surrogate range(return, -2, 2)
float dead_zone(float x, float width)
{
    if (x > width)
        return x - width;
    if (x < -width)
        return x + width;
    return 0.0f;
}
