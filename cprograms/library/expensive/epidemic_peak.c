/* Simulation: the greatest share of a population that is ill at once (SIR), by Runge and Kutta's method. */

static double caught(double healthy, double ill, double rate) { return rate * healthy * ill; }

#pragma surrogate range(rate, 0.3, 1.5)
#pragma surrogate range(recovery, 0.05, 0.25)
#pragma surrogate range(immune, 0, 0.3)
double epidemic_peak(double rate, double recovery, double immune)
{
    enum { STEPS = 2000 };
    double healthy = 0.999 - immune, ill = 0.001, h = 0.1, most = ill;

    for (int i = 0; i < STEPS; i++) {
        double a1 = caught(healthy, ill, rate), b1 = a1 - recovery * ill;
        double a2 = caught(healthy - 0.5 * h * a1, ill + 0.5 * h * b1, rate), b2 = a2 - recovery * (ill + 0.5 * h * b1);
        double a3 = caught(healthy - 0.5 * h * a2, ill + 0.5 * h * b2, rate), b3 = a3 - recovery * (ill + 0.5 * h * b2);
        double a4 = caught(healthy - h * a3, ill + h * b3, rate), b4 = a4 - recovery * (ill + h * b3);
        healthy -= h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4);
        ill += h / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4);
        if (ill > most)
            most = ill;
    }
    return most;
}
