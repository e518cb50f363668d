[[maybe_unused]] static int unused(int x) { return x; }
[[nodiscard]] int f(int x) {
    switch (x & 3) { case 0: x += 1; [[fallthrough]]; case 1: x *= 3; break; default: x = -x; }
    return x;
}
