/* A picture in twelve colours: k-means, where colours are as far apart as people see them (CIEDE2000).
 *
 *   cc -O3 colour_quantisation.c -lm && ./a.out 160 120 > quantised.ppm
 *
 * Draws a still life of its own, finds the colours by Lloyd's algorithm, and writes the picture in them as a PPM file
 * to stdout. Nearly all of the time is spent in `difference`.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLOURS = 12, ROUNDS = 8, MOST = 1 << 20 };

struct lab { double l, a, b; };

static double linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double curve(double t)
{
    return t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

/* From sRGB in [0, 1] to CIELAB, white D65. */
static struct lab lab_of(double red, double green, double blue)
{
    double r = linear(red), g = linear(green), b = linear(blue);
    double x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = curve(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = curve((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    struct lab c = {116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)};
    return c;
}

static double degrees(double b, double a)
{
    double angle = atan2(b, a) * 180.0 / M_PI;
    return angle < 0.0 ? angle + 360.0 : angle;
}

static double radians(double angle)
{
    return angle * M_PI / 180.0;
}

/* The CIEDE2000 difference of two sRGB colours (Sharma, Wu and Dalal, 2005). */
double difference(double red1, double green1, double blue1, double red2, double green2, double blue2)
{
    struct lab p = lab_of(red1, green1, blue1), q = lab_of(red2, green2, blue2);
    double mean = 0.5 * (sqrt(p.a * p.a + p.b * p.b) + sqrt(q.a * q.a + q.b * q.b));
    double mean7 = pow(mean, 7.0);
    double grey = 0.5 * (1.0 - sqrt(mean7 / (mean7 + 6103515625.0)));
    double a1 = (1.0 + grey) * p.a, a2 = (1.0 + grey) * q.a;
    double c1 = sqrt(a1 * a1 + p.b * p.b), c2 = sqrt(a2 * a2 + q.b * q.b);
    double h1 = degrees(p.b, a1), h2 = degrees(q.b, a2);
    double turn = h2 - h1, hue = 0.5 * (h1 + h2);

    if (c1 * c2 == 0.0) {
        turn = 0.0;
        hue = h1 + h2;
    } else if (fabs(h2 - h1) > 180.0) {
        turn += turn > 0.0 ? -360.0 : 360.0;
        hue += h1 + h2 < 360.0 ? 180.0 : -180.0;
    }

    double dl = q.l - p.l, dc = c2 - c1, dh = 2.0 * sqrt(c1 * c2) * sin(radians(0.5 * turn));
    double light = 0.5 * (p.l + q.l), chroma = 0.5 * (c1 + c2);
    double t = 1.0 - 0.17 * cos(radians(hue - 30.0)) + 0.24 * cos(radians(2.0 * hue))
        + 0.32 * cos(radians(3.0 * hue + 6.0)) - 0.20 * cos(radians(4.0 * hue - 63.0));
    double bend = (hue - 275.0) / 25.0;
    double turned = 30.0 * exp(-bend * bend);
    double chroma7 = pow(chroma, 7.0);
    double rotation = -2.0 * sqrt(chroma7 / (chroma7 + 6103515625.0)) * sin(radians(2.0 * turned));
    double off = (light - 50.0) * (light - 50.0);
    double l = dl / (1.0 + 0.015 * off / sqrt(20.0 + off));
    double c = dc / (1.0 + 0.045 * chroma);
    double h = dh / (1.0 + 0.015 * chroma * t);
    return sqrt(l * l + c * c + h * h + rotation * c * h);
}

/* ---- The picture ---- */

struct colour { double red, green, blue; };

static struct colour picture[MOST];
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

/* Give each pixel its nearest colour; how many changed. */
static int assign(int pixels)
{
    int changed = 0;
    for (int i = 0; i < pixels; i++) {
        struct colour p = picture[i];
        double least = INFINITY;
        int found = 0;
        for (int k = 0; k < COLOURS; k++) {
            struct colour q = palette[k];
            double d = difference(p.red, p.green, p.blue, q.red, q.green, q.blue);
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
