/* Control: duty cycle 0..255 of a motor that ramps by 8 counts a tick towards a target, ticks since the start given. */

#pragma surrogate range(start, 0, 255)
#pragma surrogate range(target, 0, 255)
#pragma surrogate range(ticks, 0, 31)
#pragma surrogate range(return, 0, 255)
unsigned char pwm_ramp(unsigned char start, unsigned char target, unsigned char ticks)
{
    int change = 8 * ticks;
    int duty;

    if (target > start)
        duty = start + change > target ? target : start + change;
    else
        duty = start - change < target ? target : start - change;
    return (unsigned char)duty;
}
