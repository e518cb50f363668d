/*
 * Finance: yield in % a year at which a ten-year bond of face value 100 has a price, by bisection until the bracket is
 * narrow; coupon in % a year.
 */

static double price_at(double yield, double coupon)
{
    double discount = 1.0 / (1.0 + yield / 100.0);
    double price = 100.0;

    for (int year = 0; year < 10; year++)
        price = (price + coupon) * discount;
    return price;
}

#pragma surrogate range(price, 70, 130)
#pragma surrogate range(coupon, 1, 8)
double yield_to_maturity(double price, double coupon)
{
    double low = -10.0, high = 40.0;

    while (high - low > 1e-7) {
        double middle = 0.5 * (low + high);
        if (price_at(middle, coupon) > price)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}
