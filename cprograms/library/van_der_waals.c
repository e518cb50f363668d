/* Physics: pressure in bar of one mole of carbon dioxide in `volume` litres at `temperature` K (van der Waals, 1873). */

#pragma surrogate range(volume, 0.2, 2)
#pragma surrogate range(temperature, 280, 500)
#pragma surrogate range(return, 5, 210)
double van_der_waals(double volume, double temperature)
{
    const double gas_constant = 0.0831446; /* L bar / (K mol) */
    const double a = 3.640;                /* L^2 bar / mol^2 */
    const double b = 0.04267;              /* L / mol */

    return gas_constant * temperature / (volume - b) - a / (volume * volume);
}
