/* Numerics: the logistic map x -> r x (1 - x) after five steps. */

#pragma surrogate range(x, 0, 1)
#pragma surrogate range(r, 1, 3.5)
#pragma surrogate range(return, 0, 1)
double logistic_map(double x, double r)
{
    for (int i = 0; i < 5; i++)
        x = r * x * (1.0 - x);
    return x;
}
