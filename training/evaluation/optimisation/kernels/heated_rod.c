/*
 * Physics: three thermometers on a rod of 21 points after 200 steps of the heat equation, which begins cold, is held at
 * `left` and `right` degrees at its ends, conducts by `diffusion` and is heated in its middle.
 */
struct rod {
    double first, middle, last;
};

#pragma surrogate range(left, 0, 100)
#pragma surrogate range(right, 0, 100)
#pragma surrogate range(diffusion, 0.05, 0.45)
#pragma surrogate range(heating, 0, 2)
struct rod heated_rod(double left, double right, double diffusion, double heating)
{
    double t[21] = {0}, next[21];
    t[0] = left;
    t[20] = right;
    for (int step = 0; step < 200; step++) {
        for (int i = 1; i < 20; i++)
            next[i] = t[i] + diffusion * (t[i - 1] - 2 * t[i] + t[i + 1]) + (i >= 8 && i <= 12 ? heating : 0);
        for (int i = 1; i < 20; i++)
            t[i] = next[i];
    }
    struct rod r = {t[5], t[10], t[15]};
    return r;
}
