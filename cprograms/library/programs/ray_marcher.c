/* A ray marcher: three melted spheres over a sea, under a sky whose colour is the sun's light scattered by the air.
 *
 *   cc -O3 ray_marcher.c -lm && ./a.out 240 160 > sea.ppm
 *
 * Writes a PPM picture to stdout. Nearly all of the time is spent in `sky`, which integrates single scattering along
 * a ray through the atmosphere, and the sun's way to each point of it. The scene asks for the sky wherever light comes
 * from: behind the scene, in the sea's mirror, in the haze, and as the light from above.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Vectors ---- */

typedef struct { double x, y, z; } vec;

static vec vector(double x, double y, double z) { vec v = {x, y, z}; return v; }
static vec add(vec a, vec b) { return vector(a.x + b.x, a.y + b.y, a.z + b.z); }
static vec sub(vec a, vec b) { return vector(a.x - b.x, a.y - b.y, a.z - b.z); }
static vec scaled(vec a, double s) { return vector(a.x * s, a.y * s, a.z * s); }
static vec times(vec a, vec b) { return vector(a.x * b.x, a.y * b.y, a.z * b.z); }
static double dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static vec unit(vec a) { return scaled(a, 1.0 / sqrt(dot(a, a))); }
static vec mixed(vec a, vec b, double t) { return add(scaled(a, 1.0 - t), scaled(b, t)); }
static vec mirrored(vec d, vec n) { return sub(d, scaled(n, 2.0 * dot(d, n))); }

/* ---- The sky ---- */

struct colour { double red, green, blue; };

enum { VIEW_STEPS = 64, SUN_STEPS = 24 };

static const double EARTH = 6360e3, AIR = 6420e3;            /* radii, metres */
static const double RAYLEIGH_HEIGHT = 7994.0, MIE_HEIGHT = 1200.0; /* scale heights */
static const double SUN_UP = 0.15;                            /* sine of the sun's height */

/* How far it is to the outside of the air from height `r` above the centre, at a cosine `c` to the vertical. */
static double way_out(double r, double c)
{
    return -r * c + sqrt(r * r * (c * c - 1.0) + AIR * AIR);
}

/* The sun's light that comes from the direction of sine `up` above the horizon, at a cosine `towards` the sun. */
struct colour sky(double up, double towards)
{
    static const double rayleigh[3] = {5.8e-6, 13.5e-6, 33.1e-6}, mie = 21e-6, g = 0.7;
    double start = EARTH + 300.0;
    double step = way_out(start, up) / VIEW_STEPS;
    double depth_r = 0.0, depth_m = 0.0;
    double sum_r[3] = {0.0, 0.0, 0.0}, sum_m[3] = {0.0, 0.0, 0.0};

    for (int i = 0; i < VIEW_STEPS; i++) {
        double t = (i + 0.5) * step;
        double r = sqrt(start * start + t * t + 2.0 * start * t * up);
        double height = r - EARTH;
        double here_r = exp(-height / RAYLEIGH_HEIGHT) * step;
        double here_m = exp(-height / MIE_HEIGHT) * step;
        /* The cosine between the sun and the vertical over that point, for the sun's mean direction. */
        double sun = (SUN_UP * start + t * towards) / r;
        double sun_step = way_out(r, sun) / SUN_STEPS;
        double sun_r = 0.0, sun_m = 0.0;

        depth_r += here_r;
        depth_m += here_m;
        for (int j = 0; j < SUN_STEPS; j++) {
            double s = (j + 0.5) * sun_step;
            double h = sqrt(r * r + s * s + 2.0 * r * s * sun) - EARTH;
            sun_r += exp(-h / RAYLEIGH_HEIGHT) * sun_step;
            sun_m += exp(-h / MIE_HEIGHT) * sun_step;
        }
        for (int k = 0; k < 3; k++) {
            double left = exp(-rayleigh[k] * (depth_r + sun_r) - 1.1 * mie * (depth_m + sun_m));
            sum_r[k] += left * here_r;
            sum_m[k] += left * here_m;
        }
    }

    double phase_r = 3.0 / (16.0 * M_PI) * (1.0 + towards * towards);
    double wide = 1.0 + g * g - 2.0 * g * towards;
    double phase_m = 3.0 / (8.0 * M_PI) * (1.0 - g * g) * (1.0 + towards * towards)
        / ((2.0 + g * g) * wide * sqrt(wide));
    struct colour light = {
        20.0 * (sum_r[0] * rayleigh[0] * phase_r + sum_m[0] * mie * phase_m),
        20.0 * (sum_r[1] * rayleigh[1] * phase_r + sum_m[1] * mie * phase_m),
        20.0 * (sum_r[2] * rayleigh[2] * phase_r + sum_m[2] * mie * phase_m),
    };
    return light;
}

static vec sun_direction(void) { return vector(0.45 * sqrt(1.0 - SUN_UP * SUN_UP), SUN_UP, 0.893 * sqrt(1.0 - SUN_UP * SUN_UP)); }

/* The sky in a direction; what is below the horizon is as the horizon is. */
static vec sky_towards(vec d)
{
    double towards = dot(unit(vector(d.x, d.y > 0.0 ? d.y : 0.0, d.z)), sun_direction());
    struct colour c = sky(d.y > 0.0 ? d.y : 0.0, towards);
    return vector(c.red, c.green, c.blue);
}

/* ---- The scene: a signed distance ---- */

static double melted(double a, double b, double k)
{
    double h = fmax(k - fabs(a - b), 0.0) / k;
    return fmin(a, b) - h * h * k * 0.25;
}

static double ball(vec p, double x, double y, double z, double radius)
{
    vec q = sub(p, vector(x, y, z));
    return sqrt(dot(q, q)) - radius;
}

static double scene(vec p)
{
    double one = ball(p, -1.1, 0.75, 6.0, 0.95), two = ball(p, 0.35, 0.55, 5.3, 0.7);
    double three = ball(p, 1.6, 1.1, 6.6, 1.15);
    return melted(melted(one, two, 0.7), three, 0.8);
}

static vec normal(vec p)
{
    const double e = 1e-4;
    return unit(vector(scene(add(p, vector(e, 0, 0))) - scene(sub(p, vector(e, 0, 0))),
                       scene(add(p, vector(0, e, 0))) - scene(sub(p, vector(0, e, 0))),
                       scene(add(p, vector(0, 0, e))) - scene(sub(p, vector(0, 0, e)))));
}

static double march(vec from, vec d, double most)
{
    double t = 0.01;
    for (int i = 0; i < 160 && t < most; i++) {
        double distance = scene(add(from, scaled(d, t)));
        if (distance < 5e-4)
            return t;
        t += distance;
    }
    return -1.0;
}

static double shadow(vec p, vec towards)
{
    double light = 1.0, t = 0.03;
    for (int i = 0; i < 60 && t < 14.0; i++) {
        double distance = scene(add(p, scaled(towards, t)));
        light = fmin(light, 10.0 * distance / t);
        if (light < 1e-3)
            return 0.0;
        t += fmax(distance, 0.02);
    }
    return light;
}

/* ---- Light ---- */

static vec sunlight(void) { return vector(2.2, 1.45, 0.85); }

static vec of_the_balls(vec p, vec d)
{
    vec n = normal(p), sun = sun_direction(), paint = vector(0.82, 0.36, 0.22);
    double lit = fmax(dot(n, sun), 0.0) * shadow(p, sun);
    vec above = scaled(sky_towards(unit(vector(n.x, fabs(n.y) + 0.15, n.z))), 0.55 + 0.45 * n.y);
    vec glance = sky_towards(mirrored(d, n));
    double edge = pow(1.0 - fabs(dot(n, d)), 5.0);
    vec matt = times(paint, add(scaled(sunlight(), lit), scaled(above, 0.8)));
    return mixed(matt, glance, 0.04 + 0.35 * edge);
}

static vec of_the_sea(vec p, vec d)
{
    double a = 0.035 * sin(3.1 * p.x + 1.7 * p.z), b = 0.03 * sin(5.3 * p.z - 2.2 * p.x);
    vec n = unit(vector(a, 1.0, b)), r = mirrored(d, n), sun = sun_direction();
    double hit = march(p, r, 30.0);
    vec back = hit > 0.0 ? of_the_balls(add(p, scaled(r, hit)), r) : sky_towards(r);
    double edge = 0.03 + 0.97 * pow(1.0 - fmax(-dot(n, d), 0.0), 5.0);
    vec deep = scaled(vector(0.02, 0.09, 0.12), 0.4 + 0.6 * shadow(p, sun));
    return mixed(deep, back, edge);
}

static vec seen(vec from, vec d)
{
    double balls = march(from, d, 60.0), sea = d.y < 0.0 ? -from.y / d.y : -1.0;
    if (balls < 0.0 && sea < 0.0)
        return sky_towards(d);
    int first = balls > 0.0 && (sea < 0.0 || balls < sea);
    double far = first ? balls : sea;
    vec p = add(from, scaled(d, far));
    vec light = first ? of_the_balls(p, d) : of_the_sea(p, d);
    vec haze = sky_towards(vector(d.x, 0.02, d.z));
    return mixed(haze, light, exp(-0.012 * far));
}

static int tone(double light)
{
    double film = 1.0 - exp(-1.6 * fmax(light, 0.0));
    double shown = film < 0.0031308 ? 12.92 * film : 1.055 * pow(film, 1.0 / 2.4) - 0.055;
    return (int)(255.0 * fmin(shown, 1.0) + 0.5);
}

int main(int argc, char **argv)
{
    int width = argc > 1 ? atoi(argv[1]) : 240, height = argc > 2 ? atoi(argv[2]) : 160;
    if (width < 1 || height < 1 || width > 4096 || height > 4096) {
        fprintf(stderr, "usage: ray_marcher [WIDTH HEIGHT]\n");
        return 2;
    }
    printf("P6\n%d %d\n255\n", width, height);
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            double x = (2.0 * (column + 0.5) - width) / height, y = (height - 2.0 * (row + 0.5)) / height;
            vec light = seen(vector(0.0, 1.15, 0.0), unit(vector(x * 0.62, y * 0.62 + 0.02, 1.0)));
            putchar(tone(light.x));
            putchar(tone(light.y));
            putchar(tone(light.z));
        }
    }
    return 0;
}
