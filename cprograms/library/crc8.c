/* Numerics: CRC-8 of two bytes, polynomial 0x07 (SMBus). Hard on purpose: the result looks random in its inputs. */

#pragma surrogate range(first, 0, 255)
#pragma surrogate range(second, 0, 255)
#pragma surrogate range(return, 0, 255)
unsigned char crc8(unsigned char first, unsigned char second)
{
    const unsigned char data[2] = {first, second};
    unsigned char crc = 0;

    for (int i = 0; i < 2; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (unsigned char)(crc & 0x80 ? crc << 1 ^ 0x07 : crc << 1);
    }
    return crc;
}
