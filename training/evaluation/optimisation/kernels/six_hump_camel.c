/* The six-hump camel back: two equal minima among six (Dixon and Szego, 1978). */

#pragma surrogate range(x, -2, 2)
#pragma surrogate range(y, -1, 1)
double six_hump_camel(double x, double y)
{
    double x2 = x * x, y2 = y * y;
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2;
}
