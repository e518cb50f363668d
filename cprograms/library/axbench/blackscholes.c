/*
 * Finance: price of a European option, a call (otype 0) or a put (1), on a share that pays no dividend (Black and
 * Scholes, 1973; AxBench's blackscholes, Yazdanbakhsh et al., 2017). Rate and volatility are yearly fractions, time is
 * in years. The normal distribution is a polynomial (Abramowitz and Stegun, 1964, 26.2.17).
 */
#include <math.h>

#define INVERSE_ROOT_TWO_PI 0.39894228f

static float normal_cdf(float x)
{
    float k = 1.0f / (1.0f + 0.2316419f * fabsf(x));
    float series = 1.330274429f;

    series = series * k - 1.821255978f;
    series = series * k + 1.781477937f;
    series = series * k - 0.356563782f;
    series = series * k + 0.319381530f;
    float tail = INVERSE_ROOT_TWO_PI * expf(-0.5f * x * x) * series * k;
    return x < 0.0f ? tail : 1.0f - tail;
}

#pragma surrogate range(sptprice, 40, 120)
#pragma surrogate range(strike, 40, 120)
#pragma surrogate range(rate, 0.02, 0.1)
#pragma surrogate range(volatility, 0.05, 0.65)
#pragma surrogate range(time, 0.05, 1)
#pragma surrogate range(otype, 0, 1)
#pragma surrogate fix(timet, 0)
float BlkSchlsEqEuroNoDiv(float sptprice, float strike, float rate, float volatility, float time, int otype,
                          float timet)
{
    float deviation = volatility * sqrtf(time);
    float d1 = (logf(sptprice / strike) + (rate + 0.5f * volatility * volatility) * time) / deviation;
    float d2 = d1 - deviation;
    float discounted = strike * expf(-rate * time);

    if (otype == 0)
        return sptprice * normal_cdf(d1) - discounted * normal_cdf(d2);
    return discounted * normal_cdf(-d2) - sptprice * normal_cdf(-d1);
}
