/* Finance: present value of a bond of face value 100 with yearly coupons; coupon and yield in % a year. */

#pragma surrogate range(coupon, 0, 10)
#pragma surrogate range(yield, 0.5, 12)
#pragma surrogate range(years, 1, 30)
#pragma surrogate range(return, 0, 365)
double bond_price(double coupon, double yield, int years)
{
    double discount = 1.0 / (1.0 + yield / 100.0);
    double factor = 1.0;
    double price = 0.0;

    for (int year = 1; year <= years; year++) {
        factor *= discount;
        price += coupon * factor;
    }
    return price + 100.0 * factor;
}
