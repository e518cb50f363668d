/* Physics: eccentric anomaly in radians of a mean anomaly, Newton's iteration on Kepler's equation M = E - e sin E. */
#include <math.h>

#pragma surrogate range(mean_anomaly, 0, 6.2831853)
#pragma surrogate range(eccentricity, 0, 0.9)
#pragma surrogate range(return, 0, 6.2831853)
double kepler_anomaly(double mean_anomaly, double eccentricity)
{
    /* Starting at pi converges for every eccentricity below 1 (Charles and Tatum, 1998). */
    double e = 3.14159265358979323846;
    double step;

    do {
        step = (e - eccentricity * sin(e) - mean_anomaly) / (1.0 - eccentricity * cos(e));
        e -= step;
    } while (fabs(step) > 1e-9);
    return e;
}
