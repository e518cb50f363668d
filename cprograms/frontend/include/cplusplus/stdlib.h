/* abs is overloaded, too. */
#include_next <stdlib.h>
#include <tgmath.h>
