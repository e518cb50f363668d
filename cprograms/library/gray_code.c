/* Numerics: the number that a reflected Gray code of ten bits stands for. */

#pragma surrogate range(code, 0, 1023)
#pragma surrogate range(return, 0, 1023)
unsigned int gray_code(unsigned int code)
{
    unsigned int number = code;

    while (code >>= 1)
        number ^= code;
    return number;
}
