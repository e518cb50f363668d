/* Numerics: hours, minutes and seconds of the day at a number of seconds since midnight, negative for the day before. */

#define DAY 86400L

typedef struct {
    int hours;
    int minutes;
    int seconds;
} clock_reading;

#pragma surrogate range(since_midnight, -86400, 86400)
#pragma surrogate range(hours, 0, 23)
#pragma surrogate range(minutes, 0, 59)
#pragma surrogate range(seconds, 0, 59)
clock_reading clock_time(long since_midnight)
{
    long left = (since_midnight % DAY + DAY) % DAY;
    clock_reading out;

    out.seconds = (int)(left % 60);
    out.minutes = (int)(left / 60 % 60);
    out.hours = (int)(left / 3600);
    return out;
}
