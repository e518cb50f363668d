/* Control: output of a PID controller clamped to -10..10, from the error, its running integral and its last value. */

#pragma surrogate range(setpoint, -5, 5)
#pragma surrogate range(measured, -5, 5)
#pragma surrogate range(integral, -2, 2)
#pragma surrogate range(previous, -5, 5)
#pragma surrogate range(kp, 0, 2)
#pragma surrogate range(ki, 0, 1)
#pragma surrogate range(kd, 0, 0.1)
#pragma surrogate range(return, -10, 10)
double pid_step(double setpoint, double measured, double integral, double previous, double kp, double ki, double kd)
{
    const double dt = 0.1, limit = 10.0;
    double error = setpoint - measured;
    double output = kp * error + ki * (integral + error * dt) + kd * (error - previous) / dt;

    if (output > limit)
        return limit;
    if (output < -limit)
        return -limit;
    return output;
}
