/*
 * Geometry: joint angles in radians of a planar arm of two links of 0.5 m each whose hand is at (x, y) metres, elbow
 * down (law of cosines). Targets out of reach are met as nearly as the arm can.
 */
#include <math.h>

#define LINK1 0.5
#define LINK2 0.5

struct joints {
    double shoulder;
    double elbow;
};

#pragma surrogate range(x, 0.1, 0.7)
#pragma surrogate range(y, 0.1, 0.7)
#pragma surrogate range(shoulder, -1, 0.7)
#pragma surrogate range(elbow, 0, 3.1416)
struct joints inverse_kinematics(double x, double y)
{
    struct joints out;
    double cosine = (x * x + y * y - LINK1 * LINK1 - LINK2 * LINK2) / (2.0 * LINK1 * LINK2);

    if (cosine > 1.0)
        cosine = 1.0;
    if (cosine < -1.0)
        cosine = -1.0;
    out.elbow = acos(cosine);
    out.shoulder = atan2(y, x) - atan2(LINK2 * sin(out.elbow), LINK1 + LINK2 * cosine);
    return out;
}
