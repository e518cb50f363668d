/* The temperature of a body that cools in a room, by steps of its heat balance: convection and radiation. */
#pragma surrogate range(start, 300, 500)
#pragma surrogate range(convection, 0.01, 1)
#pragma surrogate range(radiation, 0.01, 1)
extern const double start, convection, radiation;

#pragma surrogate range(room, 280, 300)
#pragma surrogate range(hours, 0, 4)
double temperature(double room, double hours)
{
    double kelvin = start, step = hours / 50;
    for (int k = 0; k < 50; k++) {
        double hot = kelvin / 300, cold = room / 300;
        kelvin -= step * (convection * (kelvin - room) + 75 * radiation * (hot * hot * hot * hot - cold * cold * cold * cold));
    }
    return kelvin;
}
