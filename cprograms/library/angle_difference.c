/* Geometry: turn in degrees from one heading to another by the shorter way, in -180..180. */
#include <math.h>

#pragma surrogate range(from, 0, 360)
#pragma surrogate range(to, 0, 360)
#pragma surrogate range(return, -180, 180)
double angle_difference(double from, double to)
{
    double turn = fmod(to - from, 360.0);

    if (turn > 180.0)
        turn -= 360.0;
    else if (turn < -180.0)
        turn += 360.0;
    return turn;
}
