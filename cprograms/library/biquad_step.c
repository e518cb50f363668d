/* Signal processing: next output of a second-order section in direct form I, leading denominator coefficient 1. */

#pragma surrogate range(x0, -1, 1)
#pragma surrogate range(x1, -1, 1)
#pragma surrogate range(x2, -1, 1)
#pragma surrogate range(y1, -1, 1)
#pragma surrogate range(y2, -1, 1)
#pragma surrogate range(b0, 0, 1)
#pragma surrogate range(b1, -1, 1)
#pragma surrogate range(b2, 0, 1)
#pragma surrogate range(a1, -2, 0)
#pragma surrogate range(a2, 0, 1)
double biquad_step(double x0, double x1, double x2, double y1, double y2,
                   double b0, double b1, double b2, double a1, double a2)
{
    return b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
}
