/* Graphics: rounded mean of a 3x3 window of 8-bit pixels. */

typedef unsigned char pixel;

#pragma surrogate range(a, 0, 255)
#pragma surrogate range(b, 0, 255)
#pragma surrogate range(c, 0, 255)
#pragma surrogate range(d, 0, 255)
#pragma surrogate range(e, 0, 255)
#pragma surrogate range(f, 0, 255)
#pragma surrogate range(g, 0, 255)
#pragma surrogate range(h, 0, 255)
#pragma surrogate range(i, 0, 255)
pixel box_blur(pixel a, pixel b, pixel c, pixel d, pixel e, pixel f, pixel g, pixel h, pixel i)
{
    int sum = a + b + c + d + e + f + g + h + i;
    return (pixel)((sum + 4) / 9);
}
