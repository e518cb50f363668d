/* Bodies that attract each other in a box that repeats for ever in all directions, as in simulations of galaxies.
 *
 *   cc -O3 periodic_bodies.c -lm && ./a.out 32 80
 *
 * Each pair feels its nearest images by Newton's law (softened), and all the others by `ewald`, the correction of
 * Ewald's sum: a lattice sum in space and one of waves. Prints the energy and where the first bodies are. The force is
 * integrated by leapfrog steps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 256, NEAR = 3, WAVES = 4 };

struct force { double x, y, z; };

/* The force of all images of a body but the nearest, at (x, y, z) from it, for unit mass and a box of side 1.
 *
 * Hernquist, Bouchet and Suto (1991), with alpha = 2.
 */
struct force ewald(double x, double y, double z)
{
    const double alpha = 2.0;
    struct force sum = {0.0, 0.0, 0.0};
    double r2 = x * x + y * y + z * z;
    double r = sqrt(r2);

    if (r2 > 1e-12) {
        double newton = 1.0 / (r2 * r);
        sum.x += x * newton;
        sum.y += y * newton;
        sum.z += z * newton;
    }
    for (int i = -NEAR; i <= NEAR; i++)
        for (int j = -NEAR; j <= NEAR; j++)
            for (int k = -NEAR; k <= NEAR; k++) {
                double dx = x - i, dy = y - j, dz = z - k;
                double s2 = dx * dx + dy * dy + dz * dz + 1e-12;
                double s = sqrt(s2);
                double pull = erfc(alpha * s) + 2.0 * alpha * s / sqrt(M_PI) * exp(-alpha * alpha * s2);
                double weight = pull / (s2 * s);
                sum.x -= dx * weight;
                sum.y -= dy * weight;
                sum.z -= dz * weight;
            }
    for (int i = -WAVES; i <= WAVES; i++)
        for (int j = -WAVES; j <= WAVES; j++)
            for (int k = -WAVES; k <= WAVES; k++) {
                int h2 = i * i + j * j + k * k;
                if (h2 == 0 || h2 > WAVES * WAVES)
                    continue;
                double weight = 2.0 / h2 * exp(-M_PI * M_PI * h2 / (alpha * alpha))
                    * sin(2.0 * M_PI * (i * x + j * y + k * z));
                sum.x -= i * weight;
                sum.y -= j * weight;
                sum.z -= k * weight;
            }
    return sum;
}

static double px[MOST], py[MOST], pz[MOST], vx[MOST], vy[MOST], vz[MOST], ax[MOST], ay[MOST], az[MOST];
static double mass;
static int bodies;

static unsigned long long seed = 88172645463325252ull;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* The nearest image of a difference of places. */
static double nearest(double d)
{
    return d - floor(d + 0.5);
}

static void place(void)
{
    for (int i = 0; i < bodies; i++) {
        px[i] = uniform();
        py[i] = uniform();
        pz[i] = uniform();
        vx[i] = 0.25 * (uniform() - 0.5);
        vy[i] = 0.25 * (uniform() - 0.5);
        vz[i] = 0.25 * (uniform() - 0.5);
    }
}

static void accelerate(void)
{
    const double softening = 0.08 * 0.08;

    for (int i = 0; i < bodies; i++)
        ax[i] = ay[i] = az[i] = 0.0;
    for (int i = 0; i < bodies; i++)
        for (int j = 0; j < i; j++) {
            double dx = nearest(px[i] - px[j]), dy = nearest(py[i] - py[j]), dz = nearest(pz[i] - pz[j]);
            double r2 = dx * dx + dy * dy + dz * dz + softening;
            double newton = 1.0 / (r2 * sqrt(r2));
            struct force far = ewald(dx, dy, dz);
            double fx = mass * (far.x - dx * newton);
            double fy = mass * (far.y - dy * newton);
            double fz = mass * (far.z - dz * newton);
            ax[i] += fx;
            ay[i] += fy;
            az[i] += fz;
            ax[j] -= fx;
            ay[j] -= fy;
            az[j] -= fz;
        }
}

static void kick(double dt)
{
    for (int i = 0; i < bodies; i++) {
        vx[i] += dt * ax[i];
        vy[i] += dt * ay[i];
        vz[i] += dt * az[i];
    }
}

static void drift(double dt)
{
    for (int i = 0; i < bodies; i++) {
        px[i] += dt * vx[i];
        py[i] += dt * vy[i];
        pz[i] += dt * vz[i];
        px[i] -= floor(px[i]);
        py[i] -= floor(py[i]);
        pz[i] -= floor(pz[i]);
    }
}

/* Kinetic energy and the mean distance of pairs: how far the cloud has fallen together. */
static void report(int step)
{
    double kinetic = 0.0, distance = 0.0;

    for (int i = 0; i < bodies; i++) {
        kinetic += 0.5 * mass * (vx[i] * vx[i] + vy[i] * vy[i] + vz[i] * vz[i]);
        for (int j = 0; j < i; j++) {
            double dx = nearest(px[i] - px[j]), dy = nearest(py[i] - py[j]), dz = nearest(pz[i] - pz[j]);
            distance += sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    printf("step %3d  kinetic %.8f  distance %.8f\n", step, kinetic, distance / (0.5 * bodies * (bodies - 1)));
    for (int i = 0; i < 3; i++)
        printf("  body %d  %.8f %.8f %.8f\n", i, px[i], py[i], pz[i]);
}

int main(int argc, char **argv)
{
    int steps = argc > 2 ? atoi(argv[2]) : 80;
    const double dt = 0.01;

    bodies = argc > 1 ? atoi(argv[1]) : 32;
    if (bodies < 3 || bodies > MOST || steps < 1) {
        fprintf(stderr, "usage: periodic_bodies [BODIES STEPS]\n");
        return 2;
    }
    mass = 1.0 / bodies;
    place();
    accelerate();
    report(0);
    for (int step = 1; step <= steps; step++) {
        kick(0.5 * dt);
        drift(dt);
        accelerate();
        kick(0.5 * dt);
        if (step % 10 == 0)
            report(step);
    }
    return 0;
}
