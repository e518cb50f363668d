/* Graphics: hexcone model of an RGB colour; components in 0..1, hue in degrees 0..360 (Smith, 1978). */
#include <math.h>

struct hsv {
    double hue;
    double saturation;
    double value;
};

#pragma surrogate range(red, 0, 1)
#pragma surrogate range(green, 0, 1)
#pragma surrogate range(blue, 0, 1)
#pragma surrogate range(hue, 0, 360)
#pragma surrogate range(saturation, 0, 1)
#pragma surrogate range(value, 0, 1)
struct hsv rgb_to_hsv(double red, double green, double blue)
{
    struct hsv out = {0.0, 0.0, 0.0};
    double high = fmax(red, fmax(green, blue));
    double low = fmin(red, fmin(green, blue));
    double chroma = high - low;

    out.value = high;
    if (high <= 0.0 || chroma <= 0.0)
        return out;
    out.saturation = chroma / high;
    if (high == red)
        out.hue = (green - blue) / chroma;
    else if (high == green)
        out.hue = 2.0 + (blue - red) / chroma;
    else
        out.hue = 4.0 + (red - green) / chroma;
    if (out.hue < 0.0)
        out.hue += 6.0;
    out.hue *= 60.0;
    return out;
}
