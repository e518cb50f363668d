/* Graphics: Catmull-Rom spline between p1 and p2 at t in 0..1, tension 1/2. */

#pragma surrogate range(p0, -1, 1)
#pragma surrogate range(p1, -1, 1)
#pragma surrogate range(p2, -1, 1)
#pragma surrogate range(p3, -1, 1)
#pragma surrogate range(t, 0, 1)
float catmull_rom(float p0, float p1, float p2, float p3, float t)
{
    float a = -p0 + 3.0f * p1 - 3.0f * p2 + p3;
    float b = 2.0f * p0 - 5.0f * p1 + 4.0f * p2 - p3;
    float c = p2 - p0;
    return 0.5f * (((a * t + b) * t + c) * t + 2.0f * p1);
}
