/*
 * Finance: value of a European call on a share that pays no dividend (Black and Scholes, 1973). Rate and volatility are
 * yearly fractions, maturity is in years.
 */
#include <math.h>

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

#pragma surrogate range(spot, 50, 150)
#pragma surrogate range(strike, 50, 150)
#pragma surrogate range(rate, 0, 0.1)
#pragma surrogate range(volatility, 0.05, 0.6)
#pragma surrogate range(maturity, 0.1, 3)
#pragma surrogate range(return, 0, 115)
double black_scholes_call(double spot, double strike, double rate, double volatility, double maturity)
{
    double deviation = volatility * sqrt(maturity);
    double d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / deviation;
    double d2 = d1 - deviation;

    return spot * normal_cdf(d1) - strike * exp(-rate * maturity) * normal_cdf(d2);
}
