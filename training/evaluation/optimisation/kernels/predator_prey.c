/* Ecology: prey and predators after 3 units of time (Lotka, 1925; Volterra, 1926), by Runge and Kutta's midpoint. */

struct animals {
    double prey, predators;
};

#pragma surrogate range(birth, 0.5, 1.5)
#pragma surrogate range(hunting, 0.2, 1)
#pragma surrogate range(death, 0.5, 1.5)
#pragma surrogate range(growth, 0.2, 1)
struct animals predator_prey(double birth, double hunting, double death, double growth)
{
    const double dt = 0.01;
    double u = 1.5, v = 1;
    for (int i = 0; i < 300; i++) {
        double mu = u + dt / 2 * u * (birth - hunting * v), mv = v + dt / 2 * v * (growth * u - death);
        u += dt * mu * (birth - hunting * mv);
        v += dt * mv * (growth * mu - death);
    }
    struct animals a = {u, v};
    return a;
}
