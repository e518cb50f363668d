/* Graphics: quintic interpolant of improved noise, 6 t^5 - 15 t^4 + 10 t^3 (Perlin, 2002). */

#pragma surrogate range(t, 0, 1)
double perlin_fade(double t)
{
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
}
