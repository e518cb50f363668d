/* Graphics: extended Reinhard operator; scene luminance to display 0..1, `white` is the least luminance that burns out. */

#pragma surrogate range(scene, 0, 4)
#pragma surrogate range(white, 2, 6)
#pragma surrogate range(return, 0, 1)
double tone_map(double scene, double white)
{
    double mapped = scene * (1.0 + scene / (white * white)) / (1.0 + scene);
    return mapped < 1.0 ? mapped : 1.0;
}
