/* Graphics: 8-bit source over destination with rounding: (source a + destination (255 - a)) / 255. */

#pragma surrogate range(source, 0, 255)
#pragma surrogate range(destination, 0, 255)
#pragma surrogate range(alpha, 0, 255)
#pragma surrogate range(return, 0, 255)
unsigned char alpha_blend(unsigned char source, unsigned char destination, unsigned char alpha)
{
    unsigned int sum = source * alpha + destination * (255u - alpha) + 128u;

    /* Exact division by 255 of a 16-bit number. */
    return (unsigned char)((sum + (sum >> 8)) >> 8);
}
