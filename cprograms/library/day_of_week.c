/* Numerics: day of the week of a Gregorian date, 0 is Sunday (Sakamoto, 1992). Hard on purpose: a remainder by 7. */

static const int OFFSETS[12] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};

#pragma surrogate range(year, 1900, 2100)
#pragma surrogate range(month, 1, 12)
#pragma surrogate range(day, 1, 28)
#pragma surrogate range(return, 0, 6)
int day_of_week(int year, int month, int day)
{
    if (month < 3)
        year -= 1;
    return (year + year / 4 - year / 100 + year / 400 + OFFSETS[month - 1] + day) % 7;
}
