/* Finance: fee in cents for some minutes of parking; every hour begun counts, weekends cost half, a day has a ceiling. */
#include <stdbool.h>

#pragma surrogate range(minutes, 0, 600)
#pragma surrogate range(weekend, 0, 1)
#pragma surrogate range(return, 0, 1500)
int parking_fee(unsigned short minutes, bool weekend)
{
    int hours = (minutes + 59) / 60;
    int fee = hours * 250;

    if (minutes <= 15)
        return 0;
    if (weekend)
        fee /= 2;
    return fee < 1500 ? fee : 1500;
}
