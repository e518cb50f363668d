/* Numerics: real roots of x^2 + b x + c without cancellation; both are the vertex where there are none. */
#include <math.h>

struct roots {
    double lower, upper;
};

#pragma surrogate range(b, -4, 4)
#pragma surrogate range(c, -4, 2)
struct roots quadratic_roots(double b, double c)
{
    struct roots out;
    double discriminant = b * b - 4.0 * c;

    if (discriminant <= 0.0) {
        out.lower = out.upper = -0.5 * b;
        return out;
    }
    double q = -0.5 * (b + copysign(sqrt(discriminant), b));
    double other = q != 0.0 ? c / q : 0.0;
    out.lower = fmin(q, other);
    out.upper = fmax(q, other);
    return out;
}
