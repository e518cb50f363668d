/* Graphics: Euclidean distance of two RGB colours, the inner step of k-means colour quantisation; components 0..255. */
#include <math.h>

#pragma surrogate range(r1, 0, 255)
#pragma surrogate range(g1, 0, 255)
#pragma surrogate range(b1, 0, 255)
#pragma surrogate range(r2, 0, 255)
#pragma surrogate range(g2, 0, 255)
#pragma surrogate range(b2, 0, 255)
#pragma surrogate range(return, 0, 442)
double colour_distance(double r1, double g1, double b1, double r2, double g2, double b2)
{
    double dr = r1 - r2;
    double dg = g1 - g2;
    double db = b1 - b2;
    return sqrt(dr * dr + dg * dg + db * db);
}
