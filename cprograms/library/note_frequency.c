/* Signal processing: frequency in Hz of a MIDI note bent by some cents, equal temperament, A4 = 440 Hz. */
#include <math.h>

#pragma surrogate range(note, 21, 108)
#pragma surrogate range(cents, -50, 50)
#pragma surrogate range(return, 26, 4310)
double note_frequency(int note, double cents)
{
    return 440.0 * exp2((note - 69) / 12.0 + cents / 1200.0);
}
