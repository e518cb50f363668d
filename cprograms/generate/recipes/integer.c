/* Recipes of whole-number code, which the generator varies and calls.
   Each is preceded by its arguments' ranges and by what it gives for inputs drawn evenly from them. */

// ch 32 126 -> -1 15, mean 1.27, deviation 4.71
int digit_of(int ch)
{
  if ((ch >= '0') && (ch <= '9'))
    return ch - '0';
  if ((ch >= 'a') && (ch <= 'f'))
    return (ch - 'a') + 10;
  if ((ch >= 'A') && (ch <= 'F'))
    return (ch - 'A') + 10;
  return -1;
}

// ch 32 126 -> 0 4, mean 1.94, deviation 1.21
int letter_class(int ch)
{
  if ((ch == ' ') || (ch == '\t'))
    return 0;
  if (((ch >= 'a') && (ch <= 'z')) || ((ch >= 'A') && (ch <= 'Z')))
    return 1;
  if ((ch >= '0') && (ch <= '9'))
    return 2;
  return (ch > '/') ? (4) : (3);
}

// ch 32 126 -> 32 126, mean 70.1, deviation 20.6
int to_upper(int ch)
{
  return ((ch >= 'a') && (ch <= 'z')) ? (ch - ('a' - 'A')) : (ch);
}

// n 0 1000, size 1 64 -> 0 1.05e+03, mean 514, deviation 291
int round_up(int n, int size)
{
  return (((n + size) - 1) / size) * size;
}

// n 0 4095 -> 0 4.1e+03, mean 2.04e+03, deviation 1.18e+03
int align_eight(int n)
{
  return (n + 7) & (~7);
}

// v 0 65535 -> 18 6.55e+04, mean 3.25e+04, deviation 1.94e+04
unsigned swap_bytes(unsigned v)
{
  return ((v & 0xff) << 8) | ((v >> 8) & 0xff);
}

// x 0 255 -> 0 255, mean 127, deviation 75
unsigned reverse_bits(unsigned x)
{
  x = ((x & 0x55) << 1) | ((x >> 1) & 0x55);
  x = ((x & 0x33) << 2) | ((x >> 2) & 0x33);
  return ((x & 0x0f) << 4) | (x >> 4);
}

// g 0 255 -> 0 255, mean 126, deviation 73.7
int gray_to_binary(int g)
{
  int b = g;
  b ^= b >> 4;
  b ^= b >> 2;
  b ^= b >> 1;
  return b;
}

// x 0 255, n 0 7 -> 0 255, mean 129, deviation 73.5
unsigned rotate_byte(unsigned x, unsigned n)
{
  n &= 7;
  return ((x << n) | (x >> ((8 - n) & 7))) & 0xff;
}

// x 0 65535 -> 3 15, mean 14, deviation 1.44
int highest_bit(int x)
{
  int n = 0;
  if (x & 0xff00)
  {
    n += 8;
    x >>= 8;
  }
  if (x & 0xf0)
  {
    n += 4;
    x >>= 4;
  }
  if (x & 0xc)
  {
    n += 2;
    x >>= 2;
  }
  if (x & 2)
    n += 1;
  return n;
}

// x 0 1023 -> 0 1, mean 0.495, deviation 0.5
int parity_of(int x)
{
  int p = 0;
  while (x)
  {
    p = !p;
    x &= x - 1;
  }
  return p;
}

// x 0 15, y 0 15 -> 0 255, mean 127, deviation 72.9
int interleave(int x, int y)
{
  int r = 0;
  int i;
  for (i = 0; i < 4; i++)
    r |= ((x & (1 << i)) << i) | ((y & (1 << i)) << (i + 1));
  return r;
}

// a 0 255, b 0 255 -> 5 255, mean 213, deviation 60.1
int add_saturated(int a, int b)
{
  int s = a + b;
  return (s > 255) ? (255) : (s);
}

// a 0 255, b 0 255 -> 0 254, mean 43.6, deviation 60.9
int subtract_saturated(int a, int b)
{
  return (a < b) ? (0) : (a - b);
}

// a 0 255, b 0 255 -> 0 251, mean 62.7, deviation 55.7
int multiply_bytes(int a, int b)
{
  int t = (a * b) + 128;
  return (t + (t >> 8)) >> 8;
}

// a 0 255, b 0 255, w 0 16 -> 0 255, mean 127, deviation 61.1
int mix_sixteenths(int a, int b, int w)
{
  return (((a * (16 - w)) + (b * w)) + 8) >> 4;
}

// r 0 255, g 0 255, b 0 255 -> 26 228, mean 126, deviation 41.5
int fixed_luma(int r, int g, int b)
{
  return ((((66 * r) + (129 * g)) + (25 * b)) + 4224) >> 8;
}

// r 0 31, g 0 63, b 0 31 -> 10 6.55e+04, mean 3.32e+04, deviation 1.91e+04
unsigned pack_colour(unsigned r, unsigned g, unsigned b)
{
  return ((r << 11) | (g << 5)) | b;
}

// c 0 65535 -> 0 255, mean 128, deviation 75.3
int green_of_packed(int c)
{
  int g = (c >> 5) & 0x3f;
  return (g << 2) | (g >> 4);
}

// y 16 235, u 16 240, v 16 240 -> 0 255, mean 127, deviation 94.4
int red_of_video_fixed(int y, int u, int v)
{
  int c = (((298 * (y - 16)) + (409 * (v - 128))) + 128) - (u >> 7);
  c >>= 8;
  if (c < 0)
    return 0;
  if (c > 255)
    return 255;
  return c;
}

// a 0 255, b 0 255, c 0 255 -> 0 255, mean 129, deviation 77.6
int paeth(int a, int b, int c)
{
  int p = (a + b) - c;
  int pa = p - a;
  int pb = p - b;
  int pc = p - c;
  if (pa < 0)
    pa = -pa;
  if (pb < 0)
    pb = -pb;
  if (pc < 0)
    pc = -pc;
  if ((pa <= pb) && (pa <= pc))
    return a;
  return (pb <= pc) ? (b) : (c);
}

// a 0 255, b 0 255, c 0 255 -> 0 255, mean 129, deviation 73.7
int median_predict(int a, int b, int c)
{
  int lo = (a < b) ? (a) : (b);
  int hi = (a < b) ? (b) : (a);
  if (c >= hi)
    return lo;
  if (c <= lo)
    return hi;
  return (a + b) - c;
}

// a 0 255, b 0 255, c 0 255, d 0 255, e 0 255, f 0 255 -> 0 255, mean 128, deviation 65.4
int six_tap(int a, int b, int c, int d, int e, int f)
{
  int v = ((((((a - (5 * b)) + (20 * c)) + (20 * d)) - (5 * e)) + f) + 16) >> 5;
  return (v < 0) ? (0) : ((v > 255) ? (255) : (v));
}

// p1 0 255, p0 0 255, q0 0 255, q1 0 255, t 1 20 -> -9 268, mean 128, deviation 68.5
int deblock_delta(int p1, int p0, int q0, int q1, int t)
{
  int d = ((((q0 - p0) * 4) + (p1 - q1)) + 4) / 8;
  if (d < (-t))
    d = -t;
  if (d > t)
    d = t;
  return p0 + d;
}

// x -2000 2000, k 1 10 -> -1e+03 987, mean 1.77, deviation 212
int round_shift(int x, int k)
{
  int half = 1 << (k - 1);
  return (x >= 0) ? ((x + half) >> k) : (-(((-x) + half) >> k));
}

// x -1000 1000 -> -1 1, mean -0.015, deviation 0.999
int sign_of(int x)
{
  return (x > 0) - (x < 0);
}

// x -32768 32767, y -32768 32767 -> -3.21e+04 3.14e+04, mean -312, deviation 1.1e+04
int multiply_q15(int x, int y)
{
  long p = ((long) x) * y;
  return (int) ((p + 0x4000) >> 15);
}

// a 0 100, b 0 100, c 0 100 -> 1 99, mean 50, deviation 22.4
int middle(int a, int b, int c)
{
  if (((a >= b) && (a <= c)) || ((a <= b) && (a >= c)))
    return a;
  if (((b >= a) && (b <= c)) || ((b <= a) && (b >= c)))
    return b;
  return c;
}

// y 1900 2100 -> 0 1, mean 0.24, deviation 0.427
int is_leap(int y)
{
  if ((y % 400) == 0)
    return 1;
  if ((y % 100) == 0)
    return 0;
  return (y % 4) == 0;
}

// m 1 12, y 1900 2100 -> 28 31, mean 30.4, deviation 0.826
int days_in_month(int m, int y)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if ((m < 1) || (m > 12))
    return 0;
  if (((m == 2) && ((y % 4) == 0)) && (((y % 100) != 0) || ((y % 400) == 0)))
    return 29;
  return days[m - 1];
}

// y 1950 2050, m 1 12, d 1 31 -> -6.7e+03 3.02e+04, mean 1.2e+04, deviation 1.08e+04
int julian_day(int y, int m, int d)
{
  int a = (14 - m) / 12;
  int yy = (y + 4800) - a;
  int mm = (m + (12 * a)) - 3;
  return ((((((d + (((153 * mm) + 2) / 5)) + (365 * yy)) + (yy / 4)) - (yy / 100)) + (yy / 400)) - 32045) - 2440000;
}

// y 1950 2050 -> 1 29, mean 15, deviation 8.63
int easter_epact(int y)
{
  int g = y % 19;
  int c = y / 100;
  return ((((c - (c / 4)) - (((8 * c) + 13) / 25)) + (19 * g)) + 15) % 30;
}

// h 0 23, m 0 59, s 0 59 -> 20 8.64e+04, mean 4.37e+04, deviation 2.52e+04
int seconds_of(int h, int m, int s)
{
  return (((h * 60) + m) * 60) + s;
}

// t 0 86399 -> 0 59, mean 29.5, deviation 17.2
int minutes_part(int t)
{
  return (t / 60) % 60;
}

// score 0 100 -> 1 5, mean 2.36, deviation 1.4
int grade(int score)
{
  if (score >= 90)
    return 5;
  else if (score >= 75)
    return 4;
  else if (score >= 60)
    return 3;
  else if (score >= 40)
    return 2;
  return 1;
}

// op 0 5, a 0 60, b 1 60 -> -60 3.36e+03, mean 173, deviation 468
int small_machine(int op, int a, int b)
{
  switch (op)
  {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a / b;
    case 4:
      return a & b;
    default:
      return (a > b) ? (a) : (b);
  }
}

// state 0 3, input 0 7 -> 0 3, mean 1.64, deviation 1.12
int next_state(int state, int input)
{
  switch (state)
  {
    case 0:
      return (input > 4) ? (1) : (0);
    case 1:
      return (input & 1) ? (2) : (1);
    case 2:
      if (input == 0)
      return 0;
      return (input < 3) ? (3) : (2);
    default:
      return (input == 7) ? (0) : (3);
  }
}

// lo 0 50, val -50 150, hi 51 120 -> 1 120, mean 54.8, deviation 22.4
int wrap_between(int lo, int val, int hi)
{
  int span = (hi - lo) + 1;
  int r = (val - lo) % span;
  if (r < 0)
    r += span;
  return lo + r;
}

// x 0 20, y 0 20, n 4 12 -> 0 7, mean 2.97, deviation 1.47
int knight_parity(int x, int y, int n)
{
  int dx = x % n;
  int dy = y % n;
  if (dx > dy)
    return ((dx + 1) / 2) + (dx & 1);
  return ((dy + 1) / 2) + ((dx + dy) & 1);
}

// ax 0 30, aw 1 20, bx 0 30, bw 1 20 -> 0 19, mean 3.02, deviation 4.09
int overlap_length(int ax, int aw, int bx, int bw)
{
  int left = (ax > bx) ? (ax) : (bx);
  int right = ((ax + aw) < (bx + bw)) ? (ax + aw) : (bx + bw);
  return (right > left) ? (right - left) : (0);
}

// n 2 400 -> 2 24, mean 6.19, deviation 3.96
int count_divisors(int n)
{
  int c = 0;
  for (int d = 1; (d * d) <= n; d++)
  {
    if (n % d)
      continue;
    c += ((d * d) == n) ? (1) : (2);
  }
  return c;
}

// n 2 500 -> 2 499, mean 49.3, deviation 114
int smallest_factor(int n)
{
  int d = 2;
  if (n < 4)
    return n;
  while ((d * d) <= n)
  {
    if ((n % d) == 0)
      return d;
    d++;
  }
  return n;
}

// n 1 60 -> 0 870, mean 292, deviation 259
int sum_of_multiples(int n)
{
  int total = 0;
  int i;
  for (i = 1; i <= n; i++)
    if (((i % 3) == 0) || ((i % 5) == 0))
    total += i;
  return total;
}

// n 1 100 -> 1 14, mean 9.41, deviation 3.35
int triangular_root(int n)
{
  int k = 0;
  int sum = 0;
  while (sum < n)
  {
    k++;
    sum += k;
  }
  return k;
}

// a 1 300, b 1 300 -> 1 10, mean 4.91, deviation 1.72
int euclid_steps(int a, int b)
{
  int n = 0;
  while (b != 0)
  {
    int t = a % b;
    a = b;
    b = t;
    n++;
  }
  return n;
}

// a 1 60, b 1 60 -> 1 3.54e+03, mean 657, deviation 712
int least_common_multiple(int a, int b)
{
  int x = a;
  int y = b;
  while (x != y)
  {
    if (x < y)
      x += a;
    else
      y += b;
  }
  return x;
}

// n 0 4000 -> 0 9.99e+03, mean 3.86e+03, deviation 3.17e+03
int reversed_digits(int n)
{
  int r = 0;
  do
  {
    r = (r * 10) + (n % 10);
    n /= 10;
  }
  while (n > 0);
  return r;
}

// n 0 9999 -> 1 9, mean 4.97, deviation 2.58
int digital_root(int n)
{
  while (n > 9)
  {
    int s = 0;
    while (n)
    {
      s += n % 10;
      n /= 10;
    }
    n = s;
  }
  return n;
}

// v 0 60000 -> 3 244, mean 162, deviation 57.9
int square_root_bits(int v)
{
  int r = 0;
  int bit = 1 << 14;
  while (bit > v)
    bit >>= 2;
  while (bit)
  {
    if (v >= (r + bit))
    {
      v -= r + bit;
      r = (r >> 1) + bit;
    }
    else
      r >>= 1;
    bit >>= 2;
  }
  return r;
}

// b 2 20, e 0 12, m 3 50 -> 0 49, mean 10.1, deviation 10.3
int power_modulo(int b, int e, int m)
{
  int r = 1;
  b %= m;
  while (e > 0)
  {
    if (e & 1)
      r = (r * b) % m;
    b = (b * b) % m;
    e >>= 1;
  }
  return r;
}

// n 0 30, m 5 100 -> 0 97, mean 19.6, deviation 21.1
int fibonacci_modulo(int n, int m)
{
  int a = 0;
  int b = 1;
  for (int i = 0; i < n; i++)
  {
    int t = (a + b) % m;
    a = b;
    b = t;
  }
  return a;
}

// x 0 150 -> 21 25, mean 22.4, deviation 1.46
int search_steps(int x)
{
  int lo = 0;
  int hi = 150;
  int n = 0;
  while (lo < hi)
  {
    int mid = (lo + hi) / 2;
    n++;
    if (mid < x)
      lo = mid + 1;
    else
      hi = mid;
  }
  return (n * 3) + (lo & 1);
}

// a 0 15, b 0 15, c 0 15, d 0 15 -> 0 31, mean 15.4, deviation 9.35
int checksum_nibbles(int a, int b, int c, int d)
{
  int s = a;
  s = ((s << 1) ^ b) & 31;
  s = ((s << 1) ^ c) & 31;
  s = ((s << 1) ^ d) & 31;
  return s;
}

// len 1 200, rate 1 4 -> 2 538, mean 153, deviation 126
int frame_bits(int len, int rate)
{
  static const int table[4] = {3, 5, 8, 12};
  int bits = (len * 8) + 12;
  int per = table[(rate - 1) & 3];
  return ((bits + per) - 1) / per;
}

// x -128 127, y -128 127 -> 0 7, mean 3.54, deviation 2.29
int octant(int x, int y)
{
  int ax = (x < 0) ? (-x) : (x);
  int ay = (y < 0) ? (-y) : (y);
  int o = (ax > ay) ? (0) : (1);
  if (x < 0)
    o ^= 3;
  if (y < 0)
    o = 7 - o;
  return o;
}

// x0 0 40, y0 0 40, x1 0 40, y1 0 40, x2 0 40, y2 0 40 -> -1.47e+03 1.51e+03, mean -6.63, deviation 338
int edge_function(int x0, int y0, int x1, int y1, int x2, int y2)
{
  return ((x2 - x0) * (y1 - y0)) - ((y2 - y0) * (x1 - x0));
}

// dx 0 200, dy 0 200 -> 3 264, mean 151, deviation 55.3
int approximate_length(int dx, int dy)
{
  int high = (dx > dy) ? (dx) : (dy);
  int low = (dx > dy) ? (dy) : (dx);
  return ((high - (high / 16)) + ((low * 3) / 8)) + (low >> 6);
}

// sample 0 255 -> -3.21e+04 3.21e+04, mean -156, deviation 1.01e+04
int expand_sample(int sample)
{
  int s = (~sample) & 0xff;
  int e = (s >> 4) & 7;
  int m = s & 15;
  int v = ((m << 3) + 132) << e;
  v -= 132;
  return (s & 0x80) ? (-v) : (v);
}

// bpm 40 240, steps 1 16, rate 8000 48000 -> 128 6.48e+04, mean 3.19e+03, deviation 5.02e+03
int samples_per_step(int bpm, int steps, int rate)
{
  return (rate * 60) / (bpm * steps);
}

// a 0 1, b 0 1, c 0 1, d 0 1 -> 0 7, mean 3.51, deviation 1.77
int full_adder(int a, int b, int c, int d)
{
  int s = (a ^ b) ^ c;
  int k = (a & b) | (c & (a ^ b));
  return ((k << 2) + (s << 1)) + d;
}

// n 2 60, k 1 12 -> 1 60, mean 17.6, deviation 14.7
int last_in_circle(int n, int k)
{
  int r = 0;
  for (int i = 2; i <= n; i++)
    r = (r + k) % i;
  return r + 1;
}

// n 2 100 -> 1 25, mean 14.7, deviation 6.81
int count_primes(int n)
{
  char crossed[101] = {0};
  int c = 0;
  for (int i = 2; i <= n; i++)
  {
    if (crossed[i])
      continue;
    c++;
    for (int j = i * i; j <= n; j += i)
      crossed[j] = 1;
  }
  return c;
}

// a 0 50, b 0 50, c 0 50, d 0 50, e 0 50 -> 0 45, mean 16.7, deviation 9.1
int second_smallest(int a, int b, int c, int d, int e)
{
  int v[5] = {a, b, c, d, e};
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < (4 - i); j++)
    if (v[j] > v[j + 1])
  {
    int t = v[j];
    v[j] = v[j + 1];
    v[j + 1] = t;
  }
  return v[1];
}

// n 1 14, k 0 14 -> 0 3.43e+03, mean 148, deviation 449
int choose(int n, int k)
{
  int r = 1;
  if (k > n)
    return 0;
  for (int i = 1; i <= k; i++)
    r = (r * ((n - k) + i)) / i;
  return r;
}

// n 1 999 -> 0 11, mean 6.1, deviation 2.2
int digit_square_steps(int n)
{
  int steps = 0;
  while (((n != 1) && (n != 89)) && (steps < 30))
  {
    int s = 0;
    while (n > 0)
    {
      int d = n % 10;
      s += d * d;
      n /= 10;
    }
    n = s;
    steps++;
  }
  return steps;
}

// a 0 255, b 0 255 -> 0 8, mean 4.04, deviation 1.4
int differing_bits(int a, int b)
{
  int x = a ^ b;
  int n = 0;
  while (x)
  {
    n += x & 1;
    x >>= 1;
  }
  return n;
}

// x 0 65535 -> 1 14, mean 3.41, deviation 1.57
int longest_run(int x)
{
  int n = 0;
  while (x)
  {
    x &= x << 1;
    x &= 0xffff;
    n++;
  }
  return n;
}

// cents 0 500 -> 0 8, mean 4.61, deviation 1.47
int coins_needed(int cents)
{
  static const int coins[] = {200, 100, 50, 20, 10, 5, 2, 1};
  int n = 0;
  for (int i = 0; i < 8; i++)
  {
    n += cents / coins[i];
    cents %= coins[i];
  }
  return n;
}

// x 1 100000, b 2 16 -> 2 16, mean 5.45, deviation 3.02
int log_base(int x, int b)
{
  int n = 0;
  while (x >= b)
  {
    x /= b;
    n++;
  }
  return n;
}

// a 0 200, b 0 200, limit 1 60 -> 0 59, mean 16.7, deviation 11.8
int meeting_time(int a, int b, int limit)
{
  int t = 0;
  while ((a != b) && (t < limit))
  {
    if (a < b)
    {
      a += 3;
      b -= 1;
    }
    else
    {
      a -= 2;
      b += 1;
    }
    t++;
  }
  return t;
}

// n 0 40 -> 56 100, mean 74.5, deviation 14
int bank_account(int n)
{
  int balance = 100;
  for (int day = 0; day < n; day++)
  {
    if ((day % 7) == 6)
      balance += 40;
    else if (balance > 60)
      balance -= balance / 10;
    else
      balance -= 3;
  }
  return balance;
}

// x 0 31, taps 1 31 -> 0 31, mean 15.1, deviation 10.3
int shift_register(int x, int taps)
{
  int n = x;
  for (int i = 0; i < 16; i++)
  {
    int t = n & taps;
    t ^= t >> 2;
    t ^= t >> 1;
    n = ((n << 1) | (t & 1)) & 31;
  }
  return n;
}

// w 1 80, h 1 80 -> 1 80, mean 13.2, deviation 9.94
int squares_cut(int w, int h)
{
  int n = 0;
  while (w && h)
  {
    if (w > h)
    {
      n += w / h;
      w %= h;
    }
    else
    {
      n += h / w;
      h %= w;
    }
  }
  return n;
}
