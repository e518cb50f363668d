/*
 * Engineering: the cost of a beam that is welded to a wall, and its shear and bending stress in psi, deflection in
 * inches and buckling load in pounds under 6000 pounds (Rao, 1996). All sizes are in inches.
 */
#include <math.h>

struct beam {
    double cost, shear, bending, deflection, buckling;
};

#pragma surrogate range(weld, 0.125, 1)
#pragma surrogate range(seam, 1, 8)
#pragma surrogate range(height, 4, 10)
#pragma surrogate range(thickness, 0.125, 1)
struct beam welded_beam(double weld, double seam, double height, double thickness)
{
    const double load = 6000, length = 14, young = 30e6, rigidity = 12e6;
    struct beam b;
    double across = weld + height, moment = load * (length + seam / 2);
    double reach = sqrt(seam * seam / 4 + across * across / 4);
    double polar = 2 * 1.41421356237309505 * weld * seam * (seam * seam / 12 + across * across / 4);
    double direct = load / (1.41421356237309505 * weld * seam), turning = moment * reach / polar;
    double cube = height * height * height;
    b.cost = 1.10471 * weld * weld * seam + 0.04811 * height * thickness * (14 + seam);
    b.shear = sqrt(direct * direct + direct * turning * seam / reach + turning * turning);
    b.bending = 6 * load * length / (thickness * height * height);
    b.deflection = 4 * load * length * length * length / (young * cube * thickness);
    b.buckling = 4.013 * young * height * thickness * thickness * thickness / (6 * length * length)
                 * (1 - height / (2 * length) * sqrt(young / (4 * rigidity)));
    return b;
}
