/* Double integration: the field of a coil along its axis' direction, near its middle, after Biot and Savart. */
#include <math.h>

#pragma surrogate range(radius, 0, 0.6)
#pragma surrogate range(height, -0.8, 0.8)
#pragma surrogate range(length, 0.5, 2)
double coil_field(double radius, double height, double length)
{
    enum { TURNS = 60, PARTS = 48 };
    double field = 0.0;

    for (int i = 0; i < TURNS; i++) {
        double z = height - length * ((i + 0.5) / TURNS - 0.5);
        for (int j = 0; j < PARTS; j++) {
            double angle = 2.0 * M_PI * (j + 0.5) / PARTS;
            double x = radius - cos(angle), y = sin(angle);
            double square = x * x + y * y + z * z;
            field += (1.0 - radius * cos(angle)) / (square * sqrt(square));
        }
    }
    return field / (2.0 * TURNS * PARTS);
}
