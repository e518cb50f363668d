/* The minutes since midnight that a seven-segment clock shows, from pictures of its four digits. Nobody says which
 * picture is which digit: `digit` is learned from the minutes alone. */
#pragma surrogate learn(digit, values(10), hidden(32))
extern int digit(const float picture[96]);

int minutes(const float face[4][96])
{
    int hours = 10 * digit(face[0]) + digit(face[1]);
    return 60 * hours + 10 * digit(face[2]) + digit(face[3]);
}
