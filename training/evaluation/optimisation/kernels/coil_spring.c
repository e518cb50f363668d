/*
 * Engineering: a tension spring of wire `wire` and mean coil diameter `coil` inches with so many active turns (Arora,
 * 1989): its weight, and four conditions that hold where they are at most 0.
 */
struct spring {
    double weight, deflection, shear, surge, size;
};

#pragma surrogate range(wire, 0.05, 0.2)
#pragma surrogate range(coil, 0.25, 1.3)
#pragma surrogate range(turns, 2, 15)
struct spring coil_spring(double wire, double coil, double turns)
{
    struct spring s;
    double w2 = wire * wire, w4 = w2 * w2;
    s.weight = (turns + 2) * coil * w2;
    s.deflection = 71785 * w4 / (coil * coil * coil * turns) - 1;
    s.shear = (4 * coil * coil - wire * coil) / (12566 * (coil * w2 * wire - w4)) + 1 / (5108 * w2) - 1;
    s.surge = 1 - 140.45 * wire / (coil * coil * turns);
    s.size = (coil + wire) / 1.5 - 1;
    return s;
}
