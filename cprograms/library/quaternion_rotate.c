/* Geometry: a vector rotated by a quaternion, which need not be of unit length: v + 2 q x (q x v + w v) / |q|^2. */

struct vector {
    double x, y, z;
};

static struct vector cross(struct vector a, struct vector b)
{
    struct vector out;

    out.x = a.y * b.z - a.z * b.y;
    out.y = a.z * b.x - a.x * b.z;
    out.z = a.x * b.y - a.y * b.x;
    return out;
}

#pragma surrogate range(qw, 0.5, 1)
#pragma surrogate range(qx, -1, 1)
#pragma surrogate range(qy, -1, 1)
#pragma surrogate range(qz, -1, 1)
#pragma surrogate range(vx, -1, 1)
#pragma surrogate range(vy, -1, 1)
#pragma surrogate range(vz, -1, 1)
#pragma surrogate range(x, -1.75, 1.75)
#pragma surrogate range(y, -1.75, 1.75)
#pragma surrogate range(z, -1.75, 1.75)
struct vector quaternion_rotate(double qw, double qx, double qy, double qz, double vx, double vy, double vz)
{
    struct vector q = {qx, qy, qz};
    struct vector v = {vx, vy, vz};
    struct vector t = cross(q, v);
    double factor = 2.0 / (qw * qw + qx * qx + qy * qy + qz * qz);

    t.x += qw * v.x;
    t.y += qw * v.y;
    t.z += qw * v.z;
    t = cross(q, t);
    v.x += factor * t.x;
    v.y += factor * t.y;
    v.z += factor * t.z;
    return v;
}
