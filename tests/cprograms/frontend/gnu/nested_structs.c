typedef struct { struct { double x, y; } at; struct pose { float angle; unsigned char id; } pose; } state;
static state move(state s, double by) { s.at.x += by; s.pose.angle = by; return s; }
state f(double x, int n) {
    state a = { { x, 1 }, { .id = 7 } }, b = move(a, n);
    a = n > 0 ? b : a;
    return a;
}
