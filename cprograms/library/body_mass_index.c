/* Statistics: body mass index in kg/m^2 from a mass in kg and a height in cm (Quetelet). */

#pragma surrogate range(mass, 40, 150)
#pragma surrogate range(height, 140, 210)
#pragma surrogate range(return, 9, 77)
double body_mass_index(double mass, double height)
{
    double metres = height / 100.0;
    return mass / (metres * metres);
}
