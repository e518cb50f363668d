/* Geometry: perimeter of an ellipse from its semi-axes, Ramanujan's second approximation (1914). */
#include <math.h>

#pragma surrogate range(a, 0.1, 5)
#pragma surrogate range(b, 0.1, 5)
#pragma surrogate range(return, 0.6, 31.5)
double ellipse_perimeter(double a, double b)
{
    double h = (a - b) * (a - b) / ((a + b) * (a + b));
    return acos(-1.0) * (a + b) * (1.0 + 3.0 * h / (10.0 + sqrt(4.0 - 3.0 * h)));
}
