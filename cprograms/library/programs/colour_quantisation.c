/* A picture in twelve colours, as it is seen by lamplight: k-means in CIELAB, where colours are as far apart as they
 * look.
 *
 *   cc -O3 colour_quantisation.c -lm && ./a.out 160 120 > quantised.ppm
 *
 * Draws a still life of its own, finds the colours by Lloyd's algorithm, and writes the picture in them as a PPM file
 * to stdout. Nearly all of the time is spent in `seen`, which follows each wavelength from the lamp by the paint to the
 * eye.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLOURS = 12, ROUNDS = 12, MOST = 1 << 20 };

struct lab { double l, a, b; };

static double linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double curve(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

/* A bell whose sides are of two widths, given as their inverses. */
static double bell(double at, double middle, double left, double right)
{
    double t = (at - middle) * (at < middle ? left : right);
    return exp(-0.5 * t * t);
}

/* How much of a wavelength (in nanometres) a paint of some linear red, green and blue throws back. */
static double reflected(double at, double red, double green, double blue)
{
    double high = 1.0 / (1.0 + exp(-(at - 585.0) / 12.0)), low = 1.0 / (1.0 + exp((at - 492.0) / 12.0));
    return red * high + green * (1.0 - high) * (1.0 - low) + blue * low;
}

/* Where a paint of sRGB colour (each in [0, 1]) lies in CIELAB by the light of a lamp of 2856 K, whose white is white.
 *
 * The eye's sensitivities are the fits of Wyman, Sloan and Shirley (2013).
 */
struct lab seen(double red, double green, double blue)
{
    double r = linear(red), g = linear(green), b = linear(blue);
    double x = 0.0, y = 0.0, z = 0.0, white_x = 0.0, white_y = 0.0, white_z = 0.0;

    for (int at = 380; at <= 780; at++) {
        double metres = 1e-9 * at;
        double lamp = 1e-30 / (metres * metres * metres * metres * metres) / (exp(0.0143877688 / (metres * 2856.0)) - 1.0);
        double back = reflected(at, r, g, b);
        double eye_x = 1.056 * bell(at, 599.8, 0.0264, 0.0323) + 0.362 * bell(at, 442.0, 0.0624, 0.0374)
            - 0.065 * bell(at, 501.1, 0.0490, 0.0382);
        double eye_y = 0.821 * bell(at, 568.8, 0.0213, 0.0247) + 0.286 * bell(at, 530.9, 0.0613, 0.0322);
        double eye_z = 1.217 * bell(at, 437.0, 0.0845, 0.0278) + 0.681 * bell(at, 459.0, 0.0385, 0.0725);

        x += lamp * back * eye_x;
        y += lamp * back * eye_y;
        z += lamp * back * eye_z;
        white_x += lamp * eye_x;
        white_y += lamp * eye_y;
        white_z += lamp * eye_z;
    }
    double fx = curve(x / white_x), fy = curve(y / white_y), fz = curve(z / white_z);
    struct lab c = {116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)};
    return c;
}

/* ---- The picture ---- */

struct colour { double red, green, blue; };

static struct colour picture[MOST];
static struct lab looks[MOST];
static unsigned char nearest[MOST];
static struct colour palette[COLOURS];

static struct colour mixed(struct colour a, struct colour b, double t)
{
    struct colour c = {a.red + t * (b.red - a.red), a.green + t * (b.green - a.green), a.blue + t * (b.blue - a.blue)};
    return c;
}

/* A lit ball of some colour at (cx, cy), over what is behind it. */
static struct colour ball(struct colour behind, struct colour paint, double x, double y, double cx, double cy, double r)
{
    double dx = (x - cx) / r, dy = (y - cy) / r, out = dx * dx + dy * dy;
    if (out > 1.0)
        return behind;
    double nz = sqrt(1.0 - out), lit = fmax(0.0, (-0.5 * dx - 0.6 * dy + 0.62 * nz));
    struct colour dark = {0.05, 0.04, 0.07}, white = {1.0, 0.98, 0.92};
    return mixed(mixed(dark, paint, fmin(1.0, 0.15 + lit)), white, 0.9 * pow(lit, 30.0));
}

static struct colour drawn(double x, double y)
{
    struct colour wall = {0.93, 0.80, 0.62}, dusk = {0.32, 0.38, 0.58}, table = {0.45, 0.27, 0.15};
    struct colour wood = {0.62, 0.40, 0.22}, red = {0.86, 0.16, 0.12}, green = {0.42, 0.66, 0.18};
    struct colour orange = {0.95, 0.58, 0.12}, plum = {0.42, 0.16, 0.46};
    struct colour c = mixed(wall, dusk, fmin(1.0, fmax(0.0, 0.2 + 0.5 * x + 0.35 * y)));
    if (y > 0.68) {
        double grain = 0.5 + 0.5 * sin(60.0 * y + 5.0 * sin(7.0 * x));
        c = mixed(table, wood, grain);
        double under = fabs(x - 0.52) / 0.55 + (y - 0.68) / 0.3;
        if (under < 1.0)
            c = mixed(c, table, 0.8 * (1.0 - under));
    }
    c = ball(c, plum, x, y, 0.80, 0.62, 0.13);
    c = ball(c, orange, x, y, 0.56, 0.55, 0.20);
    c = ball(c, green, x, y, 0.30, 0.60, 0.17);
    return ball(c, red, x, y, 0.45, 0.70, 0.14);
}

static void draw(int width, int height)
{
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
            picture[row * width + column] = drawn((column + 0.5) / width, (row + 0.5) / height);
}

/* ---- k-means ---- */

static void choose(int pixels)
{
    for (int k = 0; k < COLOURS; k++)
        palette[k] = picture[(long)pixels * (2 * k + 1) / (2 * COLOURS)];
}

static void look(int pixels)
{
    for (int i = 0; i < pixels; i++)
        looks[i] = seen(picture[i].red, picture[i].green, picture[i].blue);
}

/* Give each pixel the colour that looks most like it; how many changed. */
static int assign(int pixels)
{
    struct lab shown[COLOURS];
    int changed = 0;

    for (int k = 0; k < COLOURS; k++)
        shown[k] = seen(palette[k].red, palette[k].green, palette[k].blue);
    for (int i = 0; i < pixels; i++) {
        double least = INFINITY;
        int found = 0;
        for (int k = 0; k < COLOURS; k++) {
            double l = looks[i].l - shown[k].l, a = looks[i].a - shown[k].a, b = looks[i].b - shown[k].b;
            double d = l * l + a * a + b * b;
            if (d < least) {
                least = d;
                found = k;
            }
        }
        changed += nearest[i] != found;
        nearest[i] = (unsigned char)found;
    }
    return changed;
}

/* Let each colour be the mean of its pixels. */
static void average(int pixels)
{
    struct colour sum[COLOURS] = {{0.0, 0.0, 0.0}};
    int count[COLOURS] = {0};
    for (int i = 0; i < pixels; i++) {
        sum[nearest[i]].red += picture[i].red;
        sum[nearest[i]].green += picture[i].green;
        sum[nearest[i]].blue += picture[i].blue;
        count[nearest[i]]++;
    }
    for (int k = 0; k < COLOURS; k++)
        if (count[k] > 0) {
            struct colour mean = {sum[k].red / count[k], sum[k].green / count[k], sum[k].blue / count[k]};
            palette[k] = mean;
        }
}

static int byte(double v)
{
    return (int)(255.0 * fmin(fmax(v, 0.0), 1.0) + 0.5);
}

int main(int argc, char **argv)
{
    int width = argc > 1 ? atoi(argv[1]) : 160, height = argc > 2 ? atoi(argv[2]) : 120;
    if (width < 1 || height < 1 || (long)width * height > MOST) {
        fprintf(stderr, "usage: colour_quantisation [WIDTH HEIGHT]\n");
        return 2;
    }
    int pixels = width * height;

    draw(width, height);
    look(pixels);
    choose(pixels);
    for (int round = 0; round < ROUNDS; round++) {
        if (assign(pixels) == 0)
            break;
        average(pixels);
    }
    printf("P6\n%d %d\n255\n", width, height);
    for (int i = 0; i < pixels; i++) {
        struct colour c = palette[nearest[i]];
        putchar(byte(c.red));
        putchar(byte(c.green));
        putchar(byte(c.blue));
    }
    return 0;
}
