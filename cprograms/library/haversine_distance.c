/* Geometry: great-circle distance in kilometres between two places in degrees, on a sphere of radius 6371.0088 km. */
#include <math.h>

static const double EARTH_RADIUS = 6371.0088;

static double radians(double degrees)
{
    return degrees * 0.017453292519943295;
}

static double square(double x)
{
    return x * x;
}

#pragma surrogate range(lat1, -60, 60)
#pragma surrogate range(lon1, -180, 180)
#pragma surrogate range(lat2, -60, 60)
#pragma surrogate range(lon2, -180, 180)
#pragma surrogate range(return, 0, 20016)
double haversine_distance(double lat1, double lon1, double lat2, double lon2)
{
    double phi1 = radians(lat1), phi2 = radians(lat2);
    double a = square(sin((phi2 - phi1) / 2.0))
             + cos(phi1) * cos(phi2) * square(sin(radians(lon2 - lon1) / 2.0));

    return 2.0 * EARTH_RADIUS * asin(fmin(sqrt(a), 1.0));
}
