#include_next <tgmath.h>
#ifndef SURROGATE_CPLUSPLUS_TGMATH_H
#define SURROGATE_CPLUSPLUS_TGMATH_H

#include_next <stdlib.h>

#define abs(x) \
    _Generic((x), float: fabsf, double: fabs, long double: fabs, long: labs, long long: llabs, default: abs)(x)

#endif
