/* How high a ball is that was thrown with some speed, by steps of its motion: gravity, drag, height and lift. */
#pragma surrogate range(gravity, 1, 20)
#pragma surrogate range(drag, 0.001, 0.1)
#pragma surrogate range(height, 0, 5)
#pragma surrogate range(lift, -0.5, 0.5)
extern const double gravity, drag, height, lift;

#pragma surrogate range(speed, 5, 40)
#pragma surrogate range(seconds, 0, 3)
double altitude(double speed, double seconds)
{
    double y = height, v = speed, step = seconds / 40;
    for (int k = 0; k < 40; k++) {
        y += step * v;
        v -= step * (gravity - lift * v + drag * v * (v < 0 ? -v : v));
    }
    return y;
}
