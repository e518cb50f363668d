/* Iteration: the temperature at a third of a rod whose ends are held at two temperatures, after some time, by explicit
   differences. */

#pragma surrogate range(left, -1, 1)
#pragma surrogate range(right, -1, 1)
#pragma surrogate range(time, 0.005, 0.3)
double heated_rod(double left, double right, double time)
{
    enum { CELLS = 31, STEPS = 800 };
    double now[CELLS], next[CELLS], step = time / STEPS * (CELLS - 1) * (CELLS - 1);

    for (int i = 0; i < CELLS; i++)
        now[i] = 0.0;
    now[0] = left;
    now[CELLS - 1] = right;
    for (int n = 0; n < STEPS; n++) {
        for (int i = 1; i < CELLS - 1; i++)
            next[i] = now[i] + step * (now[i - 1] - 2.0 * now[i] + now[i + 1]);
        for (int i = 1; i < CELLS - 1; i++)
            now[i] = next[i];
    }
    return now[CELLS / 3];
}
