/* Graphics: number of steps, at most 24, before z -> z^2 + c leaves the disc of radius 2. */

#define LIMIT 24

#pragma surrogate range(re, -2, 0.6)
#pragma surrogate range(im, -1.2, 1.2)
#pragma surrogate range(return, 0, 24)
int mandelbrot_escape(double re, double im)
{
    double x = 0.0, y = 0.0;
    int steps = 0;

    while (x * x + y * y <= 4.0 && steps < LIMIT) {
        double next = x * x - y * y + re;
        y = 2.0 * x * y + im;
        x = next;
        steps++;
    }
    return steps;
}
