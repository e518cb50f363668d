/*
 * Geometry: whether two triangles in space meet, by the stretches that they cut from the line which their planes share
 * (Moeller, 1997; AxBench's jmeint, Yazdanbakhsh et al., 2017).
 */
#include <math.h>

/* A corner that is nearer to a plane, in the plane's own units, lies in it. */
#define IN_PLANE 1e-6f

static void subtract(float out[3], const float a[3], const float b[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = a[k] - b[k];
}

static void cross(float out[3], const float a[3], const float b[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* A normal of the plane through three corners. */
static void normal_of(float normal[3], const float a[3], const float b[3], const float c[3])
{
    float ab[3], ac[3];

    subtract(ab, b, a);
    subtract(ac, c, a);
    cross(normal, ab, ac);
}

/* How far a point is above a plane, in lengths of its normal. */
static float height(const float normal[3], const float in_plane[3], const float point[3])
{
    float up[3];

    subtract(up, point, in_plane);
    float h = dot(normal, up);
    return fabsf(h) < IN_PLANE ? 0.0f : h;
}

static int one_side(const float h[3])
{
    return h[0] * h[1] > 0.0f && h[0] * h[2] > 0.0f;
}

/* The axis along which a direction goes furthest. */
static int longest(const float v[3])
{
    float x = fabsf(v[0]), y = fabsf(v[1]), z = fabsf(v[2]);

    if (x >= y && x >= z)
        return 0;
    return y >= z ? 1 : 2;
}

/* The corner that the other plane parts from the other two. */
static int lone_corner(const float h[3])
{
    if (h[0] * h[1] > 0.0f)
        return 2;
    if (h[0] * h[2] > 0.0f)
        return 1;
    if (h[1] * h[2] > 0.0f || h[0] != 0.0f)
        return 0;
    return h[1] != 0.0f ? 1 : 2;
}

/* The stretch, low end first, that a triangle cuts from the line: `p` are its corners along the line. */
static void stretch(float out[2], const float p[3], const float h[3])
{
    int lone = lone_corner(h), next = (lone + 1) % 3, last = (lone + 2) % 3;
    float one = p[lone] + (p[next] - p[lone]) * h[lone] / (h[lone] - h[next]);
    float other = p[lone] + (p[last] - p[lone]) * h[lone] / (h[lone] - h[last]);

    out[0] = fminf(one, other);
    out[1] = fmaxf(one, other);
}

/* Whether the line of an edge of `a` has all of `b` beyond it. */
static int parted(float a[3][2], float b[3][2])
{
    for (int k = 0; k < 3; k++) {
        const float *from = a[k], *to = a[(k + 1) % 3], *inner = a[(k + 2) % 3];
        float nx = from[1] - to[1], ny = to[0] - from[0];
        float inside = nx * (inner[0] - from[0]) + ny * (inner[1] - from[1]);
        int beyond = 0;
        for (int j = 0; j < 3; j++)
            beyond += (nx * (b[j][0] - from[0]) + ny * (b[j][1] - from[1])) * inside < 0.0f;
        if (beyond == 3)
            return 1;
    }
    return 0;
}

/* Whether triangles of one plane meet, seen along the axis that shows most of it. */
static int meet_in_plane(const float normal[3], const float *v[3], const float *u[3])
{
    int axis = longest(normal), right = (axis + 1) % 3, up = (axis + 2) % 3;
    float a[3][2], b[3][2];

    for (int k = 0; k < 3; k++) {
        a[k][0] = v[k][right];
        a[k][1] = v[k][up];
        b[k][0] = u[k][right];
        b[k][1] = u[k][up];
    }
    return !parted(a, b) && !parted(b, a);
}

#pragma surrogate range(V0, 0, 1)
#pragma surrogate range(V1, 0, 1)
#pragma surrogate range(V2, 0, 1)
#pragma surrogate range(U0, 0, 1)
#pragma surrogate range(U1, 0, 1)
#pragma surrogate range(U2, 0, 1)
int tri_tri_intersect(float V0[3], float V1[3], float V2[3], float U0[3], float U1[3], float U2[3])
{
    const float *v[3] = {V0, V1, V2}, *u[3] = {U0, U1, U2};
    float v_normal[3], u_normal[3], direction[3];
    float v_height[3], u_height[3], v_along[3], u_along[3];
    float v_stretch[2], u_stretch[2];

    normal_of(v_normal, V0, V1, V2);
    normal_of(u_normal, U0, U1, U2);
    for (int k = 0; k < 3; k++) {
        u_height[k] = height(v_normal, V0, u[k]);
        v_height[k] = height(u_normal, U0, v[k]);
    }
    if (one_side(u_height) || one_side(v_height))
        return 0;
    if (v_height[0] == 0.0f && v_height[1] == 0.0f && v_height[2] == 0.0f)
        return meet_in_plane(u_normal, v, u);

    cross(direction, v_normal, u_normal);
    int axis = longest(direction);
    for (int k = 0; k < 3; k++) {
        v_along[k] = v[k][axis];
        u_along[k] = u[k][axis];
    }
    stretch(v_stretch, v_along, v_height);
    stretch(u_stretch, u_along, u_height);
    return v_stretch[0] <= u_stretch[1] && u_stretch[0] <= v_stretch[1];
}
