/* Graphics: an 8-bit RGB colour packed to 16 bits, five of red, six of green and five of blue. */

#pragma surrogate range(red, 0, 255)
#pragma surrogate range(green, 0, 255)
#pragma surrogate range(blue, 0, 255)
#pragma surrogate range(return, 0, 65535)
unsigned short rgb565_pack(unsigned char red, unsigned char green, unsigned char blue)
{
    return (unsigned short)((red >> 3) << 11 | (green >> 2) << 5 | blue >> 3);
}
