/* Graphics: RGB colour of a hue in degrees, a saturation and a value; components in 0..1 (Smith, 1978). */
#include <math.h>

typedef struct {
    double red, green, blue;
} rgb_t;

#pragma surrogate range(hue, 0, 360)
#pragma surrogate range(saturation, 0, 1)
#pragma surrogate range(value, 0, 1)
rgb_t hsv_to_rgb(double hue, double saturation, double value)
{
    rgb_t out;
    double h = hue / 60.0;
    int sector = (int)floor(h);
    double f = h - sector;
    double p = value * (1.0 - saturation);
    double q = value * (1.0 - saturation * f);
    double t = value * (1.0 - saturation * (1.0 - f));

    switch (sector % 6) {
    case 0:
        out.red = value; out.green = t; out.blue = p;
        break;
    case 1:
        out.red = q; out.green = value; out.blue = p;
        break;
    case 2:
        out.red = p; out.green = value; out.blue = t;
        break;
    case 3:
        out.red = p; out.green = q; out.blue = value;
        break;
    case 4:
        out.red = t; out.green = p; out.blue = value;
        break;
    default:
        out.red = value; out.green = p; out.blue = q;
        break;
    }
    return out;
}
