/* Finance: price in cents of a parcel by zone (0..3) and weight in grams, from a table, with a surcharge when insured. */

static const int PRICES[4][5] = {
    {390, 490, 690, 990, 1490},
    {490, 690, 990, 1490, 2190},
    {890, 1290, 1790, 2590, 3490},
    {1390, 1990, 2790, 3990, 5490},
};
static const int LIMITS[5] = {500, 1000, 2000, 5000, 10000};

#pragma surrogate range(zone, 0, 3)
#pragma surrogate range(weight, 1, 10000)
#pragma surrogate range(insured, 0, 1)
#pragma surrogate range(return, 390, 5840)
int shipping_cost(int zone, int weight, int insured)
{
    int step = 0;

    while (step < 4 && weight > LIMITS[step])
        step++;
    return PRICES[zone][step] + (insured ? 350 : 0);
}
