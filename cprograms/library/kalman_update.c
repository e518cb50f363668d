/* Control: state and variance after a measurement in a scalar Kalman filter (Kalman, 1960). */

struct belief {
    double mean;
    double variance;
};

static struct belief predict(struct belief b, double process_noise)
{
    b.variance += process_noise;
    return b;
}

#pragma surrogate range(prior_mean, -2, 2)
#pragma surrogate range(prior_variance, 0.1, 2)
#pragma surrogate range(process_noise, 0, 0.5)
#pragma surrogate range(measurement, -2, 2)
#pragma surrogate range(measurement_noise, 0.1, 2)
struct belief kalman_update(double prior_mean, double prior_variance, double process_noise, double measurement,
                            double measurement_noise)
{
    struct belief b = {prior_mean, prior_variance};
    double gain;

    b = predict(b, process_noise);
    gain = b.variance / (b.variance + measurement_noise);
    b.mean += gain * (measurement - b.mean);
    b.variance *= 1.0 - gain;
    return b;
}
