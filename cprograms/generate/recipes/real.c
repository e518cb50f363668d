/* Recipes of real-valued code, which the generator varies and calls.
   Each is preceded by its arguments' ranges and by what it gives for inputs drawn evenly from them. */

// l -60 0, g 0 24 -> 0.00113 14.7, mean 0.759, deviation 1.62
double decibels_to_gain(double l, double g)
{
  return pow(10.0, (l + g) / 20.0);
}

// a 0.001 1 -> -58.5 -0.00377, mean -8.73, deviation 8.58
double gain_to_decibels(double a)
{
  if (a < 1e-5)
    return -100.0;
  return 20.0 * log10(a);
}

// x 0 255, black 0 60, white 180 255 -> 0 255, mean 133, deviation 91.7
double stretch_levels(double x, double black, double white)
{
  double y = ((x - black) * 255.0) / (white - black);
  if (y < 0)
    return 0;
  if (y > 255)
    return 255;
  return y;
}

// x 0 255, c -100 100 -> -145 405, mean 126, deviation 90
double contrast_curve(double x, double c)
{
  double f = (259.0 * (c + 255)) / (255.0 * (259 - c));
  return (f * (x - 128)) + 128;
}

// r 0 1, g 0 1, b 0 1 -> 0.0079 1, mean 0.673, deviation 0.235
double saturation_of(double r, double g, double b)
{
  double high = (r > g) ? (r) : (g);
  double low = (r < g) ? (r) : (g);
  if (b > high)
    high = b;
  if (b < low)
    low = b;
  if (high <= 0.0)
    return 0.0;
  return (high - low) / high;
}

// r 0 255, g 0 255, b 0 255 -> 16.4 238, mean 127, deviation 39
double lightness(double r, double g, double b)
{
  double high = r;
  double low = r;
  if (g > high)
    high = g;
  if (b > high)
    high = b;
  if (g < low)
    low = g;
  if (b < low)
    low = b;
  return (high + low) / 2.0;
}

// r 0 1, g 0 1, b 0 1 -> -0.489 0.494, mean 0.00401, deviation 0.199
double chroma_red(double r, double g, double b)
{
  const double kr = 0.2126;
  const double kb = 0.0722;
  double y = ((kr * r) + (((1.0 - kr) - kb) * g)) + (kb * b);
  return (r - y) / (2.0 * (1.0 - kr));
}

// r 0 255, g 0 255, b 0 255 -> 13.7 255, mean 153, deviation 55.9
double sepia_green(double r, double g, double b)
{
  double v = ((0.349 * r) + (0.686 * g)) + (0.168 * b);
  return (v > 255.0) ? (255.0) : (v);
}

// x 0 1, y 0 1, z 0 1 -> -0.182 1.09, mean 0.449, deviation 0.312
double linear_blue(double x, double y, double z)
{
  return ((0.0557 * x) - (0.204 * y)) + (1.057 * z);
}

// t 0 1 -> 0.172 100, mean 70.8, deviation 22.5
double lightness_curve(double t)
{
  const double eps = 0.008856;
  const double kappa = 903.3;
  if (t > eps)
    return (116.0 * cbrt(t)) - 16.0;
  return kappa * t;
}

// y 0 255, u 0 255, v 0 255 -> -166 426, mean 133, deviation 110
double green_of_video(double y, double u, double v)
{
  return ((1.164 * (y - 16)) - (0.392 * (u - 128))) - (0.813 * (v - 128));
}

// c 0 1, m 0 1, y 0 1, k 0 1 -> 0.333 3, mean 2.26, deviation 0.513
double ink_coverage(double c, double m, double y, double k)
{
  double total = (((((c * (1 - k)) + k) + (m * (1 - k))) + k) + (y * (1 - k))) + k;
  return (total > 3.0) ? (3.0) : (total);
}

// a 0 1, b 0 1 -> 2.49e-05 1, mean 0.498, deviation 0.332
double overlay(double a, double b)
{
  if (a < 0.5)
    return (2.0 * a) * b;
  return 1.0 - ((2.0 * (1.0 - a)) * (1.0 - b));
}

// a 0 1, b 0 1 -> 3.18e-05 1, mean 0.499, deviation 0.293
double soft_light(double a, double b)
{
  if (b <= 0.5)
    return a - (((1 - (2 * b)) * a) * (1 - a));
  return a + (((2 * b) - 1) * (sqrt(a) - a));
}

// s 0 1, d 0 1, alpha 0 1, opacity 0 1 -> 0.00222 0.995, mean 0.503, deviation 0.243
double composite_over(double s, double d, double alpha, double opacity)
{
  double a = alpha * opacity;
  return (s * a) + (d * (1.0 - a));
}

// l 0 100, a -80 80, b -80 80 -> 0 360, mean 180, deviation 104
double chroma_angle(double l, double a, double b)
{
  double h = atan2(b, a) * 57.29577951308232;
  if (h < 0.0)
    h += 360.0;
  return (l > 1.0) ? (h) : (0.0);
}

// k 1000 12000 -> 191 255, mean 234, deviation 24.6
double red_of_temperature(double k)
{
  double t = k / 100.0;
  if (t <= 66.0)
    return 255.0;
  t = 329.7 * pow(t - 60.0, -0.1332);
  return (t > 255.0) ? (255.0) : (t);
}

// m 0.1 10, v -20 20, h 0 50 -> 3.48 6.27e+03, mean 1.58e+03, deviation 1.27e+03
double mechanical_energy(double m, double v, double h)
{
  const double g = 9.80665;
  return m * (((0.5 * v) * v) + (g * h));
}

// q1 -3 3, q2 -3 3, r 1 5 -> -69.2 70.5, mean -0.287, deviation 7.83
double coulomb_force(double q1, double q2, double r)
{
  static const double k = 8.9875;
  return ((k * q1) * q2) / (r * r);
}

// n 0.1 5, t 250 400, v 0.5 5 -> 0.0499 31.4, mean 3.6, deviation 3.61
double gas_pressure(double n, double t, double v)
{
  const double R = 8.314462618;
  return (((n * R) * t) / v) / 1000.0;
}

// t 280 600, ea 5 60 -> 3.68e-11 0.912, mean 0.045, deviation 0.12
double arrhenius_rate(double t, double ea)
{
  return 2.5 * exp(((-ea) * 1000.0) / (8.314 * t));
}

// t 0 60, t0 40 100, env 0 30, k 0.01 0.2 -> 0.0163 97.2, mean 27.4, deviation 17.9
double newton_cooling(double t, double t0, double env, double k)
{
  return env + ((t0 - env) * exp((-k) * t));
}

// f 0.1 10, r 1 100, c 0.001 0.1 -> 0.00189 0.998, mean 0.0824, deviation 0.159
double rc_lowpass_magnitude(double f, double r, double c)
{
  double w = ((6.283185307179586 * f) * r) * c;
  return 1.0 / sqrt(1.0 + (w * w));
}

// r1 1 100, r2 1 100, r3 1 100 -> 0.783 31.4, mean 12.3, deviation 6.99
double parallel_resistance(double r1, double r2, double r3)
{
  return 1.0 / (((1.0 / r1) + (1.0 / r2)) + (1.0 / r3));
}

// vin 0 12, r1 1 50, r2 1 50, load 10 500 -> 0.000771 11.2, mean 2.81, deviation 2.25
double loaded_divider(double vin, double r1, double r2, double load)
{
  double lower = (r2 * load) / (r2 + load);
  return (vin * lower) / (r1 + lower);
}

// v -0.5 0.8 -> -0.002 0.411, mean 0.0447, deviation 0.0863
double diode_current(double v)
{
  const double is = 0.002;
  const double vt = 0.15;
  if (v < (-0.4))
    return -is;
  return is * (exp(v / vt) - 1.0);
}

// t 250 330, h 5 100 -> 0.0669 168, mean 20.6, deviation 28.8
double vapour_pressure(double t, double h)
{
  double c = t - 273.15;
  return ((h / 100.0) * 6.1094) * exp((17.625 * c) / (c + 243.04));
}

// speed 0 60, angle 0 1.5, h 0 20 -> 0.133 192, mean 38.8, deviation 38.1
double peak_height(double speed, double angle, double h)
{
  double vy = speed * sin(angle);
  return h + ((vy * vy) / (2 * 9.81));
}

// t 0 10, v 0 30, mu 0.05 0.8 -> 0.000381 841, mean 65.1, deviation 89.3
double braking_distance(double t, double v, double mu)
{
  double stop = (v * v) / ((2.0 * mu) * 9.81);
  double lag = (v * t) * 0.1;
  return stop + lag;
}

// i 0 1.5, n 1 2 -> 1.56e-08 0.839, mean 0.16, deviation 0.18
double brewster_like(double i, double n)
{
  double s = sin(i) / n;
  double c = sqrt(1.0 - (s * s));
  double ci = cos(i);
  double r = (ci - (n * c)) / (ci + (n * c));
  return r * r;
}

// m1 1 10, m2 1 10, v1 -5 5, v2 -5 5, e 0 1 -> -10.4 9.44, mean -0.0371, deviation 2.62
double velocity_after_impact(double m1, double m2, double v1, double v2, double e)
{
  return (((m1 * v1) + (m2 * v2)) + ((m2 * e) * (v2 - v1))) / (m1 + m2);
}

// t 0 20, a 0.1 3, w 0.2 3, z 0.01 0.9 -> 1.44e-05 5.46, mean 1.48, deviation 0.907
double step_response(double t, double a, double w, double z)
{
  double wd = w * sqrt(1.0 - (z * z));
  double d = exp(((-z) * w) * t);
  return a * (1.0 - (d * (cos(wd * t) + (((z * w) / wd) * sin(wd * t)))));
}

// re 10 1500 -> 0.438 4.07, mean 0.613, deviation 0.357
double sphere_drag_coefficient(double re)
{
  if (re < 1.0)
    return 24.0 / re;
  if (re < 1000.0)
    return (24.0 / re) * (1.0 + (0.15 * pow(re, 0.687)));
  return 0.44;
}

// p 900 1100, p0 980 1040 -> -972 1.16e+03, mean 96.7, deviation 515
double altitude_of_pressure(double p, double p0)
{
  return 44330.0 * (1.0 - pow(p / p0, 0.1903));
}

// s 0 10, vmax 0.5 5, km 0.2 4, inh 0 3 -> 0.00388 4.71, mean 1.47, deviation 0.991
double enzyme_rate(double s, double vmax, double km, double inh)
{
  return (vmax * s) / ((km * (1.0 + (inh / 1.5))) + s);
}

// n 0 10, k 0.5 4, h 1 4 -> 3.5e-09 1, mean 0.714, deviation 0.314
double hill_function(double n, double k, double h)
{
  double p = pow(n, h);
  return p / (pow(k, h) + p);
}

// v -80 40 -> 0.0748 8, mean 2.9, deviation 2.47
double gate_rate(double v)
{
  double d = v + 40.0;
  if (fabs(d) < 1e-6)
    return 1.0;
  return (0.1 * d) / (1.0 - exp((-d) / 10.0));
}

// x1 -5 5, y1 -5 5, z1 -5 5, x2 -5 5, y2 -5 5, z2 -5 5 -> 0.751 20.7, mean 8.52, deviation 3.42
double climbing_distance(double x1, double y1, double z1, double x2, double y2, double z2)
{
  double dx = x2 - x1;
  double dy = y2 - y1;
  double dz = z2 - z1;
  return sqrt((dx * dx) + (dy * dy)) + fabs(dz);
}

// ax -3 3, ay -3 3, az -3 3, bx -3 3, by -3 3, bz -3 3 -> 0.0498 3.11, mean 1.58, deviation 0.697
double angle_between(double ax, double ay, double az, double bx, double by, double bz)
{
  double dot = ((ax * bx) + (ay * by)) + (az * bz);
  double na = ((ax * ax) + (ay * ay)) + (az * az);
  double nb = ((bx * bx) + (by * by)) + (bz * bz);
  double c = dot / sqrt((na * nb) + 1e-12);
  if (c > 1.0)
    c = 1.0;
  if (c < (-1.0))
    c = -1.0;
  return acos(c);
}

// ax -3 3, ay -3 3, az -3 3, bx -3 3, by -3 3, bz -3 3 -> 0.0296 21.3, mean 6.36, deviation 3.41
double cross_length(double ax, double ay, double az, double bx, double by, double bz)
{
  double x = (ay * bz) - (az * by);
  double y = (az * bx) - (ax * bz);
  double z = (ax * by) - (ay * bx);
  return sqrt(((x * x) + (y * y)) + (z * z));
}

// a -2 2, b -2 2, c -2 2, d -5 5, x -4 4, y -4 4, z -4 4 -> -15.3 17.9, mean -0.00974, deviation 2.97
double plane_distance(double a, double b, double c, double d, double x, double y, double z)
{
  double norm = sqrt(((a * a) + (b * b)) + (c * c));
  if (norm == 0.0)
    return 0.0;
  return ((((a * x) + (b * y)) + (c * z)) + d) / norm;
}

// px -5 5, py -5 5, qx -5 5, qy -5 5, w 0.1 1 -> 0.0671 9.5, mean 3.36, deviation 1.92
double weighted_taxi_distance(double px, double py, double qx, double qy, double w)
{
  return (w * fabs(px - qx)) + ((1.0 - w) * fabs(py - qy));
}

// x -2 2, y -2 2, r 0.5 2, k 0.1 1 -> -1.88 1.69, mean 0.0801, deviation 0.652
double smooth_union(double x, double y, double r, double k)
{
  double d1 = sqrt((x * x) + (y * y)) - r;
  double d2 = fabs(x) - (0.5 * r);
  double h = 0.5 + ((0.5 * (d2 - d1)) / k);
  h = (h < 0) ? (0) : ((h > 1) ? (1) : (h));
  return ((d2 * (1 - h)) + (d1 * h)) - ((k * h) * (1 - h));
}

// x0 -4 4, y0 -4 4, r0 0.5 3, x1 -4 4, y1 -4 4, r1 0.5 3 -> 0 8.07, mean 1.27, deviation 1.55
double circle_gap(double x0, double y0, double r0, double x1, double y1, double r1)
{
  double dx = x1 - x0;
  double dy = y1 - y0;
  double gap = (sqrt((dx * dx) + (dy * dy)) - r0) - r1;
  if (gap < 0.0)
    return 0.0;
  return gap;
}

// x -3 3, y -3 3, phi -3.14 3.14, cx -1 1, cy -1 1 -> -5.95 5.48, mean 0.00632, deviation 1.89
double rotated_about(double x, double y, double phi, double cx, double cy)
{
  return (cx + ((x - cx) * cos(phi))) - ((y - cy) * sin(phi));
}

// u 0 1, v 0 1, a 0 10, b 0 10, c 0 10 -> 0.175 17.8, mean 5.89, deviation 2.76
double barycentric_mix(double u, double v, double a, double b, double c)
{
  double w = (1.0 - u) - v;
  if (w < 0)
    w = 0;
  return ((w * a) + (u * b)) + (v * c);
}

// t 0 1, p0 -5 5, m0 -5 5, p1 -5 5, m1 -5 5 -> -5.37 5.4, mean 0.0125, deviation 2.53
double hermite_curve(double t, double p0, double m0, double p1, double m1)
{
  double t2 = t * t;
  double t3 = t2 * t;
  double h = (3 * t2) - (2 * t3);
  return ((p0 + ((p1 - p0) * h)) + (((t3 - (2 * t2)) + t) * m0)) + ((t3 - t2) * m1);
}

// t 0 1, a -3 3, b -3 3, c -3 3 -> -2.85 2.93, mean 0.0258, deviation 1.24
double quadratic_curve(double t, double a, double b, double c)
{
  double s = 1 - t;
  return (((s * s) * a) + (((2 * s) * t) * b)) + ((t * t) * c);
}

// x 0 1 -> 2.73e-07 1.19, mean 0.696, deviation 0.342
double bounce_ease(double x)
{
  if (x < (1 / 2.75))
    return (7.5625 * x) * x;
  if (x < (2 / 2.75))
  {
    x -= 1.5 / 2.75;
    return ((7.5625 * x) * x) + 0.75;
  }
  x -= 2.25 / 2.75;
  return ((7.5625 * x) * x) + 0.9375;
}

// t 0 1, k 1 4 -> 7.08e-08 1, mean 0.498, deviation 0.38
double ease_in_out(double t, double k)
{
  if (t < 0.5)
    return 0.5 * pow(2 * t, k);
  return 1 - (0.5 * pow(2 * (1 - t), k));
}

// x -4 4, lo -2 0, hi 0 2 -> -2.28 2.28, mean 0.0241, deviation 1.16
double soft_limit(double x, double lo, double hi)
{
  if (x < lo)
    return lo + (tanh(x - lo) * 0.3);
  if (x > hi)
    return hi + (tanh(x - hi) * 0.3);
  return x;
}

// x -1 1, drive 1 10 -> -0.667 0.667, mean 4.71e-05, deviation 0.623
double distortion(double x, double drive)
{
  double y = x * drive;
  if (y > 1)
    return 2.0 / 3;
  if (y < (-1))
    return (-2.0) / 3;
  return y - (((y * y) * y) / 3);
}

// phase 0 1, dt 0.001 0.2 -> -0.978 0.985, mean -0.00473, deviation 0.505
double saw_correction(double phase, double dt)
{
  double v = (2 * phase) - 1;
  if (phase < dt)
  {
    double t = phase / dt;
    v -= ((t + t) - (t * t)) - 1.0;
  }
  else if (phase > (1.0 - dt))
  {
    double t = (phase - 1.0) / dt;
    v -= (((t * t) + t) + t) + 1.0;
  }
  return v;
}

// n 0 63 -> 1.28e-07 1, mean 0.422, deviation 0.359
double blackman_weight(double n)
{
  double a = ((2 * 3.14159265358979) * n) / 63;
  return (0.42 - (0.5 * cos(a))) + (0.08 * cos(2 * a));
}

// x -3 3, x1 -3 3, y1 -3 3, fc 0.01 0.45 -> -6.35 6.21, mean 0.00581, deviation 1.23
double highpass_step(double x, double x1, double y1, double fc)
{
  double a = exp(((-2.0) * 3.14159265) * fc);
  return a * ((y1 + x) - x1);
}

// f 20 8000 -> 0.213 21.3, mean 15.6, deviation 5.21
double bark_scale(double f)
{
  return (13.0 * atan(0.00076 * f)) + (3.5 * atan((f / 7500.0) * (f / 7500.0)));
}

// f 20 8000 -> 34.1 2.84e+03, mean 1.96e+03, deviation 706
double mel_scale(double f)
{
  return 2595.0 * log10(1.0 + (f / 700.0));
}

// x -4 4, mu -1 1, s 0.3 2 -> 8.6e-07 0.82, mean 0.114, deviation 0.1
double logistic_density(double x, double mu, double s)
{
  double e = exp((-fabs(x - mu)) / s);
  return e / ((s * (1.0 + e)) * (1.0 + e));
}

// x -5 5, a 0.5 3 -> 0.0349 0.968, mean 0.501, deviation 0.305
double cauchy_cdf(double x, double a)
{
  return 0.5 + (atan(x / a) / 3.14159265358979323846);
}

// x 0 10, k 0.6 4, lambda 0.5 5 -> 0 1, mean 0.244, deviation 0.336
double weibull_survival(double x, double k, double lambda)
{
  if (x <= 0)
    return 1;
  return exp(-pow(x / lambda, k));
}

// x -2 5, a -1 0, b 3 4, c 0 2 -> 0 0.651, mean 0.14, deviation 0.166
double triangular_density(double x, double a, double b, double c)
{
  if ((x < a) || (x > b))
    return 0.0;
  if (x <= c)
    return (2.0 * (x - a)) / ((b - a) * ((c - a) + 1e-9));
  return (2.0 * (b - x)) / ((b - a) * ((b - c) + 1e-9));
}

// p 0 1, q 0.01 0.99 -> 4.11e-07 4.49, mean 0.48, deviation 0.623
double relative_entropy(double p, double q)
{
  double r = 0;
  if (p > 0)
    r += p * log(p / q);
  if (p < 1)
    r += (1 - p) * log((1 - p) / (1 - q));
  return r;
}

// y -3 3, f -3 3, tau 0.05 0.95 -> 0.000279 5.34, mean 1.04, deviation 0.974
double quantile_loss(double y, double f, double tau)
{
  double e = y - f;
  return (e >= 0) ? (tau * e) : ((tau - 1) * e);
}

// w1 -2 2, w2 -2 2, w3 -2 2, x1 -2 2, x2 -2 2, x3 -2 2, b -1 1 -> -0.0943 8.12, mean 0.915, deviation 1.4
double neuron(double w1, double w2, double w3, double x1, double x2, double x3, double b)
{
  double z = b;
  z += w1 * x1;
  z += w2 * x2;
  z += w3 * x3;
  return (z > 0) ? (z) : (0.01 * z);
}

// x -4 4 -> -0.164 3.99, mean 0.914, deviation 1.31
double swish_like(double x)
{
  return x / (1.0 + exp((-1.702) * x));
}

// a -3 3, b -3 3, c -3 3 -> -1.52 3.8, mean 1.87, deviation 1.06
double log_sum_exp(double a, double b, double c)
{
  double m = a;
  if (b > m)
    m = b;
  if (c > m)
    m = c;
  return m + log((exp(a - m) + exp(b - m)) + exp(c - m));
}

// a -5 5, b -5 5, c -5 5, d -5 5 -> -1 1, mean 0.0013, deviation 0.71
double cosine_similarity(double a, double b, double c, double d)
{
  double n = sqrt(((a * a) + (b * b)) * ((c * c) + (d * d)));
  if (n < 1e-9)
    return 0;
  return ((a * c) + (b * d)) / n;
}

// a 0 255, b 0 255, c 0 255, d 0 255, e 0 255, f 0 255, g 0 255, h 0 255, i 0 255 -> -1.59e+03 1.55e+03, mean -5.23, deviation 626
double laplacian_response(double a, double b, double c, double d, double e, double f, double g, double h, double i)
{
  return (8 * e) - (((((((a + b) + c) + d) + f) + g) + h) + i);
}

// a 0 1, b 0 1, c 0 1, d 0 1, e 0 1, f 0 1, g 0 1, h 0 1, i 0 1 -> 0.174 0.852, mean 0.5, deviation 0.107
double gaussian_blur(double a, double b, double c, double d, double e, double f, double g, double h, double i)
{
  double edges = ((b + d) + f) + h;
  double corners = ((a + c) + g) + i;
  return (((4.0 * e) + (2.0 * edges)) + corners) / 16.0;
}

// a 0 255, b 0 255, c 0 255, d 0 255 -> 5.6 475, mean 172, deviation 85.5
double roberts_cross(double a, double b, double c, double d)
{
  return fabs(a - d) + fabs(b - c);
}

// a 0 1, b 0 1, c 0 1, d 0 1, e 0 1 -> -0.393 0.516, mean 0.016, deviation 0.0951
double minmod_slope(double a, double b, double c, double d, double e)
{
  double l = (b - a) + (0.1 * d);
  double r = (c - b) + (0.1 * e);
  if ((l * r) <= 0)
    return 0;
  return (fabs(l) < fabs(r)) ? (l) : (r);
}

// a -2 2, b -2 2, c -2 2, d -2 2, x 0 1 -> -2.24 2.26, mean -0.00582, deviation 1.04
double four_point(double a, double b, double c, double d, double x)
{
  double c1 = 0.5 * (c - a);
  double c2 = ((a - (2.5 * b)) + (2 * c)) - (0.5 * d);
  double c3 = (0.5 * (d - a)) + (1.5 * (b - c));
  return (((((c3 * x) + c2) * x) + c1) * x) + b;
}

// u0 -2 2, u1 -2 2, u2 -2 2, k 0.05 0.45, v -0.5 0.5 -> -1.97 2.07, mean -0.00117, deviation 0.798
double advect_diffuse(double u0, double u1, double u2, double k, double v)
{
  return (u1 + (k * ((u0 - (2 * u1)) + u2))) - ((v * (u2 - u0)) / 2);
}

// a 1 5, b 0 2, c 1 5, d -5 5, e -5 5 -> -15.2 8.7, mean -0.0289, deviation 1.59
double solve_pair(double a, double b, double c, double d, double e)
{
  double det = (a * c) - ((b * b) * 0.2);
  if (fabs(det) < 1e-6)
    return 0.0;
  return ((d * c) - (b * e)) / det;
}

// x -2 2, y -2 2 -> 0.00343 348, mean 48.4, deviation 62.1
double rosenbrock(double x, double y)
{
  double t = y - (x * x);
  double u = 1 - x;
  return (u * u) + ((10 * t) * t);
}

// x -3 3, y -3 3 -> -0.676 0.95, mean 0.0367, deviation 0.387
double ripple(double x, double y)
{
  double r2 = (x * x) + (y * y);
  return sin(3.0 * sqrt(r2)) / (1.0 + (0.2 * r2));
}

// x -5 5, y -5 5 -> 0.00302 9.63, mean 4.32, deviation 1.83
double egg_crate(double x, double y)
{
  return (((x * x) + (y * y)) / 10) + (2.5 * ((sin(x) * sin(x)) + (sin(y) * sin(y))));
}

// d 0 365, lat -60 60 -> 6.91 90, mean 57.8, deviation 20.7
double noon_sun_height(double d, double lat)
{
  double decl = (-23.44) * cos(0.0172024 * (d + 10));
  return 90.0 - fabs(lat - decl);
}

// d 0 365 -> -14.6 16.5, mean 0.0446, deviation 8.91
double equation_of_time(double d)
{
  double b = 0.0172142 * (d - 81);
  return ((9.87 * sin(2 * b)) - (7.53 * cos(b))) - (1.5 * sin(b));
}

// t -1 1 -> 23.4 23.5, mean 23.4, deviation 0.0075
double mean_obliquity(double t)
{
  return 23.439291 - (t * (0.0130042 + (t * (1.64e-7 - (t * 5.04e-7)))));
}

// lat -80 80, h 0 9000 -> 9.75 9.83, mean 9.79, deviation 0.0188
double gravity_at(double lat, double h)
{
  double s = sin((lat * 3.14159265358979) / 180);
  double s2 = s * s;
  return (9.780327 * ((1 + (0.0053024 * s2)) - (((5.8e-6 * 4) * s2) * (1 - s2)))) - (3.086e-6 * h);
}

// t -20 45, w 0 20, h 0 100 -> -37 68.3, mean 6.15, deviation 23.7
double apparent_temperature(double t, double w, double h)
{
  double e = ((h / 100) * 6.105) * exp((17.27 * t) / (237.7 + t));
  return ((t + (0.33 * e)) - (0.70 * w)) - 4.00;
}

// p 100 5000, r 0 0.15, n 1 30 -> 231 1.55e+06, mean 1.04e+05, deviation 1.57e+05
double future_value(double p, double r, double n)
{
  if (r < 1e-9)
    return p * n;
  return (p * (pow(1 + r, n) - 1)) / r;
}

// gross 0 200 -> 0 62.5, mean 25.3, deviation 19.4
double bracket_rate(double gross)
{
  if (gross <= 10)
    return 0;
  if (gross <= 40)
    return (gross - 10) * 0.15;
  if (gross <= 90)
    return 4.5 + ((gross - 40) * 0.28);
  return 18.5 + ((gross - 90) * 0.4);
}

// weight 0 30, zone 1 4, express 0 1 -> 3.54 54.5, mean 25.3, deviation 10.9
double postage(double weight, double zone, double express)
{
  double cost;
  if (weight < 1)
    cost = 3.5;
  else if (weight < 5)
    cost = 3.5 + (1.2 * (weight - 1));
  else
    cost = 8.3 + (0.8 * (weight - 5));
  cost *= 1 + (0.25 * (zone - 1));
  if (express > 0.5)
    cost += 6;
  return cost;
}

// set 10 30, now 5 35, out -10 40 -> 0 1, mean 0.288, deviation 0.363
double heater_power(double set, double now, double out)
{
  double e = set - now;
  double p = (0.06 * e) + (0.01 * (set - out));
  if (e < (-8))
    return 0.0;
  if (p > 1.0)
    p = 1.0;
  if (p < 0.0)
    p = 0.0;
  return p;
}

// x 0 10 -> 0.00152 7.2, mean 3.58, deviation 2.09
double table_between(double x)
{
  static const double ys[] = {0.0, 0.8, 1.9, 2.4, 2.2, 3.1, 4.7, 4.9, 5.5, 7.0, 7.2};
  int i = (int) x;
  if (i < 0)
    i = 0;
  if (i > 9)
    i = 9;
  return ys[i] + ((ys[i + 1] - ys[i]) * (x - i));
}

// x -3 3 -> -0.0388 2.13, mean 1.05, deviation 0.859
double rational_fit(double x)
{
  double n = 1.0 + (x * (0.9998 + (x * (0.4972 + (x * 0.1)))));
  double d = 1.0 + ((x * x) * (0.35 + ((0.02 * x) * x)));
  return n / d;
}

// x 0.5 8 -> 0.000147 1.4, mean 0.188, deviation 0.358
double asymptotic_tail(double x)
{
  double z;
  if (x < 2.0)
  {
    z = (x * x) / 4;
    return (0.5772 * (1 - (0.2 * z))) + (log(x / 2) * (-0.6));
  }
  z = 2 / x;
  return (exp(-x) / sqrt(x)) * (1.2533 + (z * ((-0.0783) + (z * (0.0219 - (z * 0.0106))))));
}

// x -1.5 1.5 -> -0.997 0.997, mean -0.00762, deviation 0.689
double series_sine(double x)
{
  double term = x;
  double sum = x;
  int n;
  for (n = 1; n < 8; n++)
  {
    term *= ((-x) * x) / ((2 * n) * ((2 * n) + 1));
    sum += term;
  }
  return sum;
}

// x 0.1 3 -> -2.3 1.1, mean 0.207, deviation 0.771
double series_log(double x)
{
  double y = (x - 1) / (x + 1);
  double p = y;
  double s = 0;
  int k;
  for (k = 1; k < 60; k += 2)
  {
    s += p / k;
    p *= y * y;
  }
  return 2 * s;
}

// x 0 4 -> 0.441 1, mean 0.638, deviation 0.155
double incomplete_sum(double x)
{
  double term = 1.0;
  double sum = 1.0;
  int n = 1;
  while ((fabs(term) > 1e-10) && (n < 100))
  {
    term *= x / (n + 0.5);
    sum += term;
    n++;
  }
  return exp(-x) * sum;
}

// a 1 20 -> 0.684 2.59, mean 1.93, deviation 0.487
double bisect_root(double a)
{
  double lo = 0;
  double hi = 5;
  for (int i = 0; i < 50; i++)
  {
    double mid = 0.5 * (lo + hi);
    if ((((mid * mid) * mid) + mid) < a)
      lo = mid;
    else
      hi = mid;
  }
  return 0.5 * (lo + hi);
}

// a 0.5 10, g 0.5 10 -> 0.626 9.9, mean 5, deviation 1.98
double geometric_mean_limit(double a, double g)
{
  int n = 0;
  while ((fabs(a - g) > (1e-6 * a)) && ((n++) < 12))
  {
    double t = 0.5 * (a + g);
    g = sqrt(a * g);
    a = t;
  }
  return a;
}

// r 0.1 2.5, y 0.05 1.5 -> 0.128 1.18, mean 0.969, deviation 0.111
double grow_population(double r, double y)
{
  double dt = 0.05;
  int i;
  for (i = 0; i < 100; i++)
    y += ((dt * r) * y) * (1 - y);
  return y;
}

// y 0.1 3, a 0.2 2 -> 0.457 3.21, mean 1.02, deviation 0.527
double decay_and_drive(double y, double a)
{
  double t = 0;
  double h = 0.02;
  while (t < 2.0)
  {
    double k1 = ((-a) * y) + sin(t);
    double k2 = ((-a) * (y + (h * k1))) + sin(t + h);
    y += (0.5 * h) * (k1 + k2);
    t += h;
  }
  return y;
}

// x 0.5 3, y 0.5 3 -> 0.712 11.2, mean 3.81, deviation 2.08
double predator_steps(double x, double y)
{
  const double dt = 0.01;
  for (int k = 0; k < 150; ++k)
  {
    double dx = x * (1.1 - (0.4 * y));
    double dy = y * ((0.1 * x) - 0.4);
    x += dt * dx;
    y += dt * dy;
  }
  return x;
}

// a 0 3, b 0.1 3 -> 0.0866 0.995, mean 0.457, deviation 0.175
double area_under(double a, double b)
{
  int n = 100;
  double h = b / n;
  double s = 0;
  for (int i = 0; i < n; i++)
  {
    double x = (i + 0.5) * h;
    s += exp((-a) * x) * cos(x);
  }
  return s * h;
}

// x -2 2, w 0.3 2 -> -1.18 1.18, mean 0.00345, deviation 0.997
double fourier_square(double x, double w)
{
  double s = 0.0;
  int k;
  for (k = 1; k <= 39; k += 2)
    s += sin((k * w) * x) / k;
  return 1.2732395 * s;
}

// theta 0.05 3, m 1 10 -> 5.46e-05 1, mean 0.424, deviation 0.363
double array_factor(double theta, double m)
{
  int n = (int) m;
  double re = 0;
  double im = 0;
  for (int i = 0; i < n; i++)
  {
    re += cos(i * theta);
    im += sin(i * theta);
  }
  return sqrt((re * re) + (im * im)) / n;
}

// b 100 1000, p 20 100, r 0.001 0.02 -> 2 106, mean 13.3, deviation 11.1
double months_to_pay(double b, double p, double r)
{
  int n = 0;
  while ((b > 0) && (n < 120))
  {
    b = (b * (1 + r)) - p;
    n++;
  }
  return n;
}

// x -1.5 0.5, y -1 1 -> 2.14 44, mean 21.9, deviation 18.3
double escape_count(double x, double y)
{
  double u = 0;
  double v = 0;
  int n;
  for (n = 0; n < 40; n++)
  {
    double t = ((u * u) - (v * v)) + x;
    v = ((2 * u) * v) + y;
    u = t;
    if (((u * u) + (v * v)) > 16)
      break;
  }
  return n + (4.0 / ((1.0 + (u * u)) + (v * v)));
}

// x 0.2 6 -> 0.165 1.65, mean 0.43, deviation 0.303
double continued_fraction(double x)
{
  double f = 0;
  for (int k = 24; k > 0; k--)
    f = (k * 0.5) / (x + f);
  return 1 / (x + f);
}

// f 0.02 0.45, q 0.6 5 -> 1 5.66, mean 1.48, deviation 0.761
double resonance_peak(double f, double q)
{
  double y1 = 0;
  double y2 = 0;
  double best = 0;
  double w = 2 * cos(6.2831853 * f);
  double r = 1 - (0.1 / q);
  for (int n = 0; n < 64; n++)
  {
    double y = ((n == 0) + ((r * w) * y1)) - ((r * r) * y2);
    y2 = y1;
    y1 = y;
    if (y > best)
      best = y;
  }
  return best;
}

// a 0.2 3, b 0.1 2 -> 0.2 2.29, mean 0.814, deviation 0.332
double simpson_of_bell(double a, double b)
{
  int n = 60;
  int i;
  double h = a / n;
  double s = 1.0 + exp(((-b) * a) * a);
  for (i = 1; i < n; i++)
  {
    double x = i * h;
    s += ((i % 2) ? (4) : (2)) * exp(((-b) * x) * x);
  }
  return (s * h) / 3;
}

// angle 0.1 2.5, rate -1 1, drag 0 0.5 -> -1.33 1.86, mean 0.755, deviation 0.515
double swing(double angle, double rate, double drag)
{
  double dt = 0.02;
  for (int k = 0; k < 120; k++)
  {
    rate += dt * (((-9.81) * sin(angle)) - (drag * rate));
    angle += dt * rate;
  }
  return angle;
}

// left 0 100, right 0 100, k 0.05 0.45 -> 1.38 91.8, mean 37.5, deviation 19.2
double heated_rod(double left, double right, double k)
{
  double t[8] = {0};
  int i;
  int n;
  for (n = 0; n < 40; n++)
  {
    double next[8];
    next[0] = left;
    next[7] = right;
    for (i = 1; i < 7; i++)
      next[i] = t[i] + (k * ((t[i - 1] - (2 * t[i])) + t[i + 1]));
    for (i = 0; i < 8; i++)
      t[i] = next[i];
  }
  return t[3];
}

// target 1.5 10, rate 0.01 0.2 -> 2.96 151, mean 26.9, deviation 27.1
double years_to_grow(double target, double rate)
{
  double v = 1.0;
  int years = 0;
  while (v < target)
  {
    v *= 1.0 + rate;
    years++;
    if (years >= 150)
      break;
  }
  return years + ((target / v) - 1.0);
}

// x 0.1 8 -> -0.217 0.998, mean 0.188, deviation 0.381
double oscillating_series(double x)
{
  double t = 1.0;
  double s = 1.0;
  double q = ((-x) * x) / 4;
  int k;
  for (k = 1; k < 80; k++)
  {
    t *= q / (k * (k + 0.5));
    s += t;
    if (fabs(t) < 1e-12)
      break;
  }
  return s;
}

// c -1.5 1.5 -> -0.807 1.54, mean 0.661, deviation 0.592
double secant_of_cosine(double c)
{
  double a = 0.0;
  double b = 1.0;
  double fa = (cos(a) - a) - c;
  double fb = (cos(b) - b) - c;
  int n = 0;
  while ((fabs(fb) > 1e-9) && (n < 40))
  {
    double d = fb - fa;
    double x;
    if (fabs(d) < 1e-12)
      break;
    x = b - ((fb * (b - a)) / d);
    a = b;
    fa = fb;
    b = x;
    fb = (cos(b) - b) - c;
    n++;
  }
  return b;
}

// attack 0.01 0.3, release 0.01 0.3, level 0.2 1 -> 0.0514 0.911, mean 0.353, deviation 0.167
double follow_envelope(double attack, double release, double level)
{
  double e = 0;
  int n;
  for (n = 0; n < 90; n++)
  {
    double in = level * fabs(sin(0.21 * n));
    if (in > e)
      e += attack * (in - e);
    else
      e += release * (in - e);
  }
  return e;
}

// x 0 1, r 1.5 2.9 -> 0.333 0.655, mean 0.529, deviation 0.0902
double iterate_map(double x, double r)
{
  for (int i = 0; i < 70; i++)
    x = (r * x) * (1.0 - x);
  return x;
}

// price 50 150, strike 50 150, up 1.02 1.2 -> 0 100, mean 23.9, deviation 24
double lattice_value(double price, double strike, double up)
{
  double v[13];
  double down = 1 / up;
  double p = (1.002 - down) / (up - down);
  int i;
  int n = 12;
  for (i = 0; i <= n; i++)
  {
    double s = price * pow(up, (2 * i) - n);
    v[i] = (s > strike) ? (s - strike) : (0);
  }
  while (n > 0)
  {
    for (i = 0; i < n; i++)
      v[i] = ((p * v[i + 1]) + ((1 - p) * v[i])) / 1.002;
    n--;
  }
  return v[0];
}

// x 0.05 6, p 0.5 4 -> 9.74e-05 4.93, mean 1.01, deviation 0.768
double lower_gamma(double x, double p)
{
  double a = p;
  double s = 1 / p;
  double t = s;
  while (t > (s * 1e-10))
  {
    a += 1;
    t *= x / a;
    s += t;
    if (a > 150)
      break;
  }
  return s * exp((-x) + (p * log(x)));
}

// a 0.1 3, b 0.1 3 -> 0.218 4.67, mean 2.53, deviation 0.908
double arc_length(double a, double b)
{
  double s = 0;
  double px = a;
  double py = 0;
  int i;
  for (i = 1; i <= 48; i++)
  {
    double t = 0.0327249 * i;
    double x = a * cos(t);
    double y = b * sin(t);
    s += sqrt(((x - px) * (x - px)) + ((y - py) * (y - py)));
    px = x;
    py = y;
  }
  return s;
}

// level 0 10, inflow 0 2, gain 0.1 2 -> 0.5 10.6, mean 5.52, deviation 0.937
double tank_level(double level, double inflow, double gain)
{
  const double dt = 0.1;
  double valve = 0.0;
  int step = 0;
  while (step < 100)
  {
    double e = level - 5.0;
    valve = gain * e;
    if (valve < 0)
      valve = 0;
    if (valve > 1)
      valve = 1;
    level += dt * (inflow - (valve * sqrt((level > 0) ? (level) : (0))));
    step++;
  }
  return level;
}
