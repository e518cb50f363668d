/* Numerics: number of a date within its year, leap years as in the Gregorian calendar. */

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static const short BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

#pragma surrogate range(year, 1900, 2100)
#pragma surrogate range(month, 1, 12)
#pragma surrogate range(day, 1, 28)
#pragma surrogate range(return, 1, 363)
int day_of_year(int year, int month, int day)
{
    return BEFORE[month - 1] + day + (month > 2 && is_leap(year));
}
