double atan2(double, double);
double sqrt(double);
struct polar
{
  double radius;
  double angle;
};
#pragma surrogate entry(to_polar)
#pragma surrogate range(x, -1.0, 1.0)
#pragma surrogate range(y, -1.0, 1.0)
#pragma surrogate range(radius, 0.0, 1.4143)
#pragma surrogate range(angle, -3.1416, 3.1416)
struct polar to_polar(double x, double y)
{
  struct polar out;
  out.radius = sqrt((x * x) + (y * y));
  out.angle = atan2(y, x);
  return out;
}

