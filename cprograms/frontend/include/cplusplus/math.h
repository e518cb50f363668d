/* C++ overloads the functions of <math.h>, whichever header declares them: they go by the type of their arguments. */
#include_next <math.h>
#include <tgmath.h>
