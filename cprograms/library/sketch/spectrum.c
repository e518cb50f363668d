/* A spectrum of two lines on a background that rises: eight constants. */
#pragma surrogate range(first, 0.5, 10)
#pragma surrogate range(first_at, 2, 5)
#pragma surrogate range(first_width, 0.1, 2)
#pragma surrogate range(second, 0.5, 10)
#pragma surrogate range(second_at, 5, 8)
#pragma surrogate range(second_width, 0.1, 2)
#pragma surrogate range(background, 0.1, 5)
#pragma surrogate range(slope, 0.01, 1)
extern const double first, first_at, first_width, second, second_at, second_width, background, slope;

static double line(double x, double height, double at, double width)
{
    double off = (x - at) / width;
    return height / (1 + off * off);
}

#pragma surrogate range(x, 0, 10)
double intensity(double x)
{
    return line(x, first, first_at, first_width) + line(x, second, second_at, second_width) + background + slope * x;
}
