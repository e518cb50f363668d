/* Statistics: probability of exactly k successes in n trials, 0 where k exceeds n. */

#pragma surrogate range(k, 0, 10)
#pragma surrogate range(n, 5, 20)
#pragma surrogate range(p, 0.05, 0.95)
#pragma surrogate range(return, 0, 0.78)
double binomial_probability(int k, int n, double p)
{
    double probability = 1.0;

    if (k > n)
        return 0.0;
    for (int i = 1; i <= k; i++)
        probability *= p * (n - k + i) / i;
    for (int i = 0; i < n - k; i++)
        probability *= 1.0 - p;
    return probability;
}
