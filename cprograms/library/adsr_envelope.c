/*
 * Signal processing: level 0..1 of an attack, decay, sustain, release envelope at a time; times in seconds, the key is
 * let go at `gate`.
 */

static double level_held(double time, double attack, double decay, double sustain)
{
    if (time < attack)
        return time / attack;
    if (time < attack + decay)
        return 1.0 - (1.0 - sustain) * (time - attack) / decay;
    return sustain;
}

#pragma surrogate range(time, 0, 2)
#pragma surrogate range(attack, 0.05, 0.3)
#pragma surrogate range(decay, 0.05, 0.4)
#pragma surrogate range(sustain, 0.2, 0.9)
#pragma surrogate range(release, 0.1, 0.8)
#pragma surrogate range(gate, 0.5, 1.5)
#pragma surrogate range(return, 0, 1)
double adsr_envelope(double time, double attack, double decay, double sustain, double release, double gate)
{
    if (time < gate)
        return level_held(time, attack, decay, sustain);
    double left = 1.0 - (time - gate) / release;
    if (left <= 0.0)
        return 0.0;
    return left * level_held(gate, attack, decay, sustain);
}
