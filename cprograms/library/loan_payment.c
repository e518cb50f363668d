/* Finance: monthly payment of an annuity loan; yearly rate in %. */
#include <math.h>

#pragma surrogate range(amount, 1000, 300000)
#pragma surrogate range(rate, 0, 15)
#pragma surrogate range(months, 12, 360)
double loan_payment(double amount, double rate, int months)
{
    double monthly = rate / 1200.0;

    if (monthly == 0.0)
        return amount / months;
    return amount * monthly / (1.0 - pow(1.0 + monthly, -months));
}
