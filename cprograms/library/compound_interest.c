/* Finance: value of a deposit after some years at a yearly rate in %, compounded `periods` times a year. */
#include <math.h>

#pragma surrogate range(principal, 100, 10000)
#pragma surrogate range(rate, 0, 12)
#pragma surrogate range(years, 0, 30)
#pragma surrogate range(periods, 1, 12)
double compound_interest(double principal, double rate, double years, int periods)
{
    return principal * pow(1.0 + rate / (100.0 * periods), periods * years);
}
