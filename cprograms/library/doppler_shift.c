/* Physics: frequency in Hz heard from a source; speeds in m/s, each positive when towards the other; sound at 343 m/s. */

#pragma surrogate range(frequency, 100, 1000)
#pragma surrogate range(source_speed, -60, 60)
#pragma surrogate range(listener_speed, -60, 60)
double doppler_shift(double frequency, double source_speed, double listener_speed)
{
    const double sound = 343.0;
    return frequency * (sound + listener_speed) / (sound - source_speed);
}
