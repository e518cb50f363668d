/* Control: a reading mapped linearly from one range to another and clamped there. */

#pragma surrogate range(reading, -0.5, 1.5)
#pragma surrogate range(low, 0, 0.3)
#pragma surrogate range(high, 0.7, 1)
#pragma surrogate range(out_low, -10, 0)
#pragma surrogate range(out_high, 5, 10)
double clamp_scale(double reading, double low, double high, double out_low, double out_high)
{
    if (reading <= low)
        return out_low;
    if (reading >= high)
        return out_high;
    return out_low + (reading - low) / (high - low) * (out_high - out_low);
}
