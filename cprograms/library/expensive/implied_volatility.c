/* Root finding: the volatility at which a call option has a price, by bisection on Black and Scholes's formula. */
#include <math.h>

static double call_price(double moneyness, double years, double volatility)
{
    double deviation = volatility * sqrt(years);
    double d1 = (log(moneyness) + 0.5 * deviation * deviation) / deviation;
    return moneyness * 0.5 * erfc(-d1 / sqrt(2.0)) - 0.5 * erfc(-(d1 - deviation) / sqrt(2.0));
}

/* `price` is that above what the option is worth at once, and its greatest worth; the strike is 1. */
#pragma surrogate range(moneyness, 0.8, 1.2)
#pragma surrogate range(years, 0.25, 2)
#pragma surrogate range(price, 0.05, 0.3)
double implied_volatility(double moneyness, double years, double price)
{
    double low = 1e-4, high = 5.0, wanted = fmax(moneyness - 1.0, 0.0) + price;

    for (int i = 0; i < 52; i++) {
        double middle = 0.5 * (low + high);
        if (call_price(moneyness, years, middle) < wanted)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}
