/* Geometry: determinant of a 3x3 matrix, row by row. */

#pragma surrogate range(a, -2, 2)
#pragma surrogate range(b, -2, 2)
#pragma surrogate range(c, -2, 2)
#pragma surrogate range(d, -2, 2)
#pragma surrogate range(e, -2, 2)
#pragma surrogate range(f, -2, 2)
#pragma surrogate range(g, -2, 2)
#pragma surrogate range(h, -2, 2)
#pragma surrogate range(i, -2, 2)
double determinant3(double a, double b, double c, double d, double e, double f, double g, double h, double i)
{
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
