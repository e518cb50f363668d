/*
 * Graphics: distance of a pixel's colour from a cluster's, the inner step of k-means segmentation; components 0..255
 * (Lloyd, 1982; AxBench's kmeans, Yazdanbakhsh et al., 2017).
 */
#include <math.h>

typedef struct {
    float r;
    float g;
    float b;
    int cluster;
    float distance;
} RgbPixel;

typedef struct {
    float r;
    float g;
    float b;
    int n;
} Centroid;

#pragma surrogate range(p.r, 0, 255)
#pragma surrogate range(p.g, 0, 255)
#pragma surrogate range(p.b, 0, 255)
#pragma surrogate range(c1.r, 0, 255)
#pragma surrogate range(c1.g, 0, 255)
#pragma surrogate range(c1.b, 0, 255)
#pragma surrogate range(return, 0, 442)
float euclideanDistance(RgbPixel *p, Centroid *c1)
{
    float dr = p->r - c1->r;
    float dg = p->g - c1->g;
    float db = p->b - c1->b;

    return sqrtf(dr * dr + dg * dg + db * db);
}
