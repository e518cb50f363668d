/*
 * Engineering: the cost of a cylindrical pressure vessel with hemispherical heads (Sandgren, 1990). Its plates are so
 * many sixteenths of an inch thick; radius and length are in inches. The conditions hold where they are at most 0.
 */
struct vessel {
    double cost, shell_stress, head_stress, missing_volume;
};

#pragma surrogate range(shell, 5, 30)
#pragma surrogate range(head, 3, 20)
#pragma surrogate range(radius, 20, 80)
#pragma surrogate range(length, 20, 200)
struct vessel pressure_vessel(int shell, int head, double radius, double length)
{
    const double pi = 3.14159265358979323846;
    struct vessel v;
    double s = shell / 16.0, h = head / 16.0;
    v.cost = 0.6224 * s * radius * length + 1.7781 * h * radius * radius + 3.1661 * s * s * length
             + 19.84 * s * s * radius;
    v.shell_stress = 0.0193 * radius - s;
    v.head_stress = 0.00954 * radius - h;
    v.missing_volume = 1 - (pi * radius * radius * length + 4 * pi / 3 * radius * radius * radius) / 1296000;
    return v;
}
