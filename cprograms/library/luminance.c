/* Graphics: relative luminance of a linear RGB colour, Rec. ITU-R BT.709 weights; components and result in 0..1. */

#pragma surrogate range(red, 0, 1)
#pragma surrogate range(green, 0, 1)
#pragma surrogate range(blue, 0, 1)
#pragma surrogate range(return, 0, 1)
double luminance(double red, double green, double blue)
{
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
