/* Iteration: the price of an American put option of strike 1 in a binomial tree (Cox, Ross and Rubinstein). */
#include <math.h>

#pragma surrogate range(spot, 0.7, 1.4)
#pragma surrogate range(volatility, 0.15, 0.5)
#pragma surrogate range(years, 0.2, 2)
double american_put(double spot, double volatility, double years)
{
    enum { STEPS = 200 };
    const double interest = 0.04;
    double dt = years / STEPS, up = exp(volatility * sqrt(dt)), down = 1.0 / up;
    double discount = exp(-interest * dt), chance = (1.0 / discount - down) / (up - down);
    double value[STEPS + 1], lowest = spot * pow(down, STEPS), price = lowest;

    for (int i = 0; i <= STEPS; i++, price *= up * up)
        value[i] = fmax(1.0 - price, 0.0);
    for (int n = STEPS - 1; n >= 0; n--) {
        lowest *= up;
        price = lowest;
        for (int i = 0; i <= n; i++, price *= up * up) {
            double kept = discount * ((1.0 - chance) * value[i] + chance * value[i + 1]);
            value[i] = fmax(kept, 1.0 - price);
        }
    }
    return value[0];
}
