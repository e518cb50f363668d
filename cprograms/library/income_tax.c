/* Finance: progressive tax on a yearly income by brackets of rising marginal rates. */

#define BRACKETS 5

static const double FLOORS[BRACKETS] = {0.0, 10000.0, 25000.0, 60000.0, 120000.0};
static const double RATES[BRACKETS] = {0.0, 0.14, 0.24, 0.36, 0.45};

#pragma surrogate range(income, 0, 200000)
#pragma surrogate range(deductions, 0, 20000)
#pragma surrogate range(return, 0, 73650)
double income_tax(double income, double deductions)
{
    double taxable = income - deductions;
    double tax = 0.0;

    for (int i = 0; i < BRACKETS; i++) {
        double ceiling = i + 1 < BRACKETS ? FLOORS[i + 1] : taxable;
        if (taxable <= FLOORS[i])
            break;
        tax += RATES[i] * ((taxable < ceiling ? taxable : ceiling) - FLOORS[i]);
    }
    return tax;
}
