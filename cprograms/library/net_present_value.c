/* Finance: value today of an outlay and five yearly receipts at a yearly rate in % (Horner's scheme). */

#pragma surrogate range(rate, 0, 20)
#pragma surrogate range(outlay, 100, 500)
#pragma surrogate range(year1, 0, 200)
#pragma surrogate range(year2, 0, 200)
#pragma surrogate range(year3, 0, 200)
#pragma surrogate range(year4, 0, 200)
#pragma surrogate range(year5, 0, 200)
double net_present_value(double rate, double outlay, double year1, double year2, double year3, double year4,
                         double year5)
{
    const double receipts[5] = {year1, year2, year3, year4, year5};
    double discount = 1.0 / (1.0 + rate / 100.0);
    double value = 0.0;

    for (int i = 4; i >= 0; i--)
        value = (value + receipts[i]) * discount;
    return value - outlay;
}
