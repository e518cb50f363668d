/* Physics: distance of the image behind a thin lens, in mm, of an object beyond the focus (Gauss's lens equation). */

#pragma surrogate range(focal_length, 20, 80)
#pragma surrogate range(object_distance, 120, 2000)
#pragma surrogate range(return, 20, 240)
double thin_lens(double focal_length, double object_distance)
{
    return 1.0 / (1.0 / focal_length - 1.0 / object_distance);
}
