/* Signal processing: 16-bit sample to 8-bit companded code, mu = 255 law in its segmented form (ITU-T G.711). */

#define BIAS 132
#define CLIP 32635

#pragma surrogate range(sample, -32768, 32767)
#pragma surrogate range(return, 0, 255)
unsigned char mu_law_encode(short sample)
{
    int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -sample : sample;
    int exponent = 7;
    int mask = 0x4000;

    if (magnitude > CLIP)
        magnitude = CLIP;
    magnitude += BIAS;
    while (exponent > 0 && !(magnitude & mask)) {
        exponent--;
        mask >>= 1;
    }
    int mantissa = magnitude >> (exponent + 3) & 0x0F;
    return (unsigned char)~(sign | exponent << 4 | mantissa);
}
