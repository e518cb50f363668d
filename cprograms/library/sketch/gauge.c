/* The pressure that a dial shows, from pictures of it: the scale is known, and where the needle points is learned, from
 * pressures alone. */
#pragma surrogate learn(needle, hidden(32))
extern double needle(const float picture[144]);

double bar(const float dial[144])
{
    double turned = needle(dial); /* 0 to 1 of the scale */
    return turned < 0 ? 0 : turned > 1 ? 10 : 10 * turned;
}
