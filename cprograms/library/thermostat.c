/* Control: heating power in W by mode (0 off, 1 economy, 2 comfort) and the gap to the wanted temperature in degrees C. */

typedef enum { OFF, ECONOMY, COMFORT } heating_mode;

#pragma surrogate range(mode, 0, 2)
#pragma surrogate range(wanted, 15, 25)
#pragma surrogate range(room, 5, 30)
#pragma surrogate range(return, 0, 3000)
double thermostat(heating_mode mode, double wanted, double room)
{
    double gap = wanted - room;
    double power;

    switch (mode) {
    case ECONOMY:
        power = 150.0 * (gap - 2.0);
        break;
    case COMFORT:
        power = 400.0 * gap;
        break;
    default:
        return 0.0;
    }
    if (power < 0.0)
        power = 0.0;
    return power > 3000.0 ? 3000.0 : power;
}
