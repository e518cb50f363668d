/* Physics: Lennard-Jones potential of two atoms at `distance`, in units of the well's depth. */

#pragma surrogate range(distance, 1, 3)
#pragma surrogate range(diameter, 0.9, 1.1)
double lennard_jones(double distance, double diameter)
{
    double s = diameter / distance;
    double s2 = s * s;
    double s6 = s2 * s2 * s2;
    return 4.0 * (s6 * s6 - s6);
}
