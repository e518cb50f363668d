/* Numerics: polynomial of degree 4 at x by Horner's scheme, coefficients from the constant one up. */

#pragma surrogate range(x, -1.5, 1.5)
#pragma surrogate range(c0, -1, 1)
#pragma surrogate range(c1, -1, 1)
#pragma surrogate range(c2, -1, 1)
#pragma surrogate range(c3, -1, 1)
#pragma surrogate range(c4, -1, 1)
double horner5(double x, double c0, double c1, double c2, double c3, double c4)
{
    return (((c4 * x + c3) * x + c2) * x + c1) * x + c0;
}
