/* Physics: a temperature from one scale to another, by way of kelvin; 0 Celsius, 1 Fahrenheit, 2 kelvin. */

enum scale { CELSIUS, FAHRENHEIT, KELVIN };

static double to_kelvin(double value, enum scale scale)
{
    switch (scale) {
    case CELSIUS:
        return value + 273.15;
    case FAHRENHEIT:
        return (value + 459.67) * 5.0 / 9.0;
    default:
        return value;
    }
}

#pragma surrogate range(value, 200, 400)
#pragma surrogate range(from, 0, 2)
#pragma surrogate range(to, 0, 2)
double temperature_convert(double value, enum scale from, enum scale to)
{
    double kelvin = to_kelvin(value, from);

    switch (to) {
    case CELSIUS:
        return kelvin - 273.15;
    case FAHRENHEIT:
        return kelvin * 9.0 / 5.0 - 459.67;
    default:
        return kelvin;
    }
}
