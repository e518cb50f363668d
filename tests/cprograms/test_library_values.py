"""Library functions against independent oracles: scipy, numpy, the standard library, and published values."""

from __future__ import annotations

import colorsys
import datetime
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import constants, integrate, optimize, signal, special, stats
from scipy.spatial.transform import Rotation

from cprograms.sampling import sample
from cprograms.sandbox import run_many

ROWS = 100


def polynomial_remainder(dividend: int, divisor: int) -> int:
    """Remainder of polynomials over the field of two elements, as bits."""
    while dividend.bit_length() >= divisor.bit_length():
        dividend ^= divisor << dividend.bit_length() - divisor.bit_length()
    return dividend


def direction(latitude: float, longitude: float) -> np.ndarray:
    phi, lam = math.radians(latitude), math.radians(longitude)
    return np.array([math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)])


def black_scholes(s: float, k: float, r: float, v: float, t: float) -> float:
    """The discounted mean of the pay-off under the log-normal distribution, integrated."""

    def payoff(z: float) -> float:
        return (s * math.exp((r - v * v / 2) * t + v * math.sqrt(t) * z) - k) * stats.norm.pdf(z)

    least = (math.log(k / s) - (r - v * v / 2) * t) / (v * math.sqrt(t))
    return math.exp(-r * t) * integrate.quad(payoff, least, max(least, 0) + 12)[0]


def kepler(mean: float, e: float) -> float:
    return optimize.brentq(lambda x: x - e * math.sin(x) - mean, -0.1, 2 * math.pi + 0.1, xtol=1e-12)


def internal_rate(price: float, coupon: float) -> float:
    flows = [coupon] * 9 + [coupon + 100]
    return optimize.brentq(
        lambda y: sum(f / (1 + y / 100) ** (k + 1) for k, f in enumerate(flows)) - price, -9, 39, xtol=1e-9
    )


def heron(a: float, b: float, c: float) -> float:
    s = (a + b + c) / 2
    return math.sqrt(max(s * (s - a) * (s - b) * (s - c), 0))


def oscillator(time: float, frequency: float, damping: float) -> float:
    """Free response of y'' + 2 d f y' + f^2 y = 0 from y = 1 at rest, by the matrix exponential's eigenvalues."""
    matrix = np.array([[0, 1], [-(frequency**2), -2 * damping * frequency]], dtype=complex)
    values, vectors = np.linalg.eig(matrix)
    return (vectors @ np.diag(np.exp(values * time)) @ np.linalg.inv(vectors))[0, 0].real


def decay(start: float, rate: float, time: float) -> float:
    """Exact solution of y' = cos t - rate y."""
    forced = (rate * math.cos(time) + math.sin(time)) / (1 + rate**2)
    return forced + (start - rate / (1 + rate**2)) * math.exp(-rate * time)


def sobel(*pixels: float) -> float:
    horizontal = np.outer([1, 2, 1], [-1, 0, 1])
    window = np.reshape(pixels, (3, 3))
    gradient = [(kernel * window).sum() for kernel in (horizontal, horizontal.T)]
    return min(math.hypot(*gradient) / 4, 1)


def rotated_bounds(width: float, height: float, angle: float) -> np.ndarray:
    corners = np.array([[x, y] for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)])
    turned = corners @ Rotation.from_euler("z", angle, degrees=True).as_matrix()[:2, :2].T
    return np.concatenate([turned.min(0), turned.max(0)])


def arm_hand(shoulder: float, elbow: float) -> complex:
    """Where the hand of an arm of two links of 0.5 is."""
    return 0.5 * np.exp(1j * shoulder) + 0.5 * np.exp(1j * (shoulder + elbow))


# A row's arguments to its result or results.
ORACLES = {
    "ackermann": lambda m, n: [n + 1, n + 2, 2 * n + 3, 2 ** (n + 3) - 3][int(m)],
    "alpha_blend": lambda s, d, a: math.floor((s * a + d * (255 - a)) / 255 + 0.5),
    "angle_difference": lambda a, b: math.degrees(math.remainder(math.radians(b - a), math.tau)),
    "bessel_j0": special.j0,
    "beta_density": stats.beta.pdf,
    "bilinear": lambda a, b, c, d, u, v: np.array([1 - v, v]) @ [[a, b], [c, d]] @ [1 - u, u],
    "binomial_probability": stats.binom.pmf,
    "black_scholes_call": black_scholes,
    "body_mass_index": lambda mass, height: 1e4 * mass / height**2,
    "bond_price": lambda c, y, n: c * (1 - (1 + y / 100) ** -n) / (y / 100) + 100 * (1 + y / 100) ** -n,
    "box_blur": lambda *p: math.floor(np.mean(p) + 0.5),
    "butterworth_gain": lambda w, n: 20 * math.log10(1 / math.sqrt(1 + w ** (2 * n))),
    "colour_distance": lambda *c: math.dist(c[:3], c[3:]),
    "compound_interest": lambda p, r, y, n: p * math.exp(n * y * math.log1p(r / 100 / n)),
    "correlation5": lambda *v: np.corrcoef(v[:5], v[5:])[0, 1],
    "crc8": lambda first, second: polynomial_remainder(int(first) << 16 | int(second) << 8, 0x107),
    "clock_time": lambda s: (s % 86400 // 3600, s % 3600 // 60, s % 60),
    "cube_root": np.cbrt,
    "cubic_bezier": lambda a, b, c, d, t: np.dot((a, b, c, d), stats.binom.pmf(range(4), 3, t)),
    "damped_oscillator": oscillator,
    "day_of_week": lambda y, m, d: datetime.date(int(y), int(m), int(d)).isoweekday() % 7,
    "day_of_year": lambda y, m, d: datetime.date(int(y), int(m), int(d)).timetuple().tm_yday,
    "determinant3": lambda *m: np.linalg.det(np.reshape(m, (3, 3))),
    "digit_sum": lambda n: sum(map(int, str(int(n)))),
    "dot4": lambda *v: np.dot(v[:4], v[4:]),
    "entropy3": lambda *w: stats.entropy(w, base=2),
    "fft_twiddle": lambda x: (np.exp(-2j * np.pi * x).real, np.exp(-2j * np.pi * x).imag),
    "fibonacci": lambda n: np.linalg.matrix_power(np.array([[1, 1], [1, 0]]), int(n))[0, 1],
    "fir8": lambda *v: np.dot(v[:8], v[8:]),
    "fixed_multiply": lambda a, b: np.clip(math.floor(a * b / 256 + 0.5), -32768, 32767),
    "gelu": lambda x: x * stats.norm.cdf(x),
    "goertzel_power": lambda *s: abs(np.fft.fft(s[:8])[int(s[8])]) ** 2,
    "gray_code": lambda code: next(n for n in range(1024) if n ^ n >> 1 == code),
    "greatest_common_divisor": lambda a, b: math.gcd(int(a), int(b)),
    "hann_window": lambda n, size: signal.windows.hann(int(size))[int(n)] if n < size else 0,
    "haversine_distance": lambda *p: 6371.0088 * math.acos(np.clip(direction(*p[:2]) @ direction(*p[2:]), -1, 1)),
    "heron_area": heron,
    "horner5": lambda x, *c: np.polynomial.polynomial.polyval(x, c),
    "hsv_to_rgb": lambda h, s, v: colorsys.hsv_to_rgb(h / 360, s, v),
    "huber_loss": lambda p, o, delta: special.huber(delta, p - o),
    "integer_power": lambda base, n: base**n,
    "integer_sqrt": lambda n: math.isqrt(int(n)),
    "kepler_anomaly": kepler,
    "lambert_w": lambda x: special.lambertw(x).real,
    "loan_payment": lambda a, r, n: a / sum((1 + r / 1200) ** -k for k in range(1, int(n) + 1)),
    "lorentz_factor": lambda b: math.cosh(math.atanh(b)),
    "mean_square_error": lambda *v: np.mean(np.subtract(v[:8], v[8:]) ** 2),
    "median3": lambda *v: np.median(v),
    "median5": lambda *v: np.median(v),
    "net_present_value": lambda r, *f: np.dot([-f[0], *f[1:]], (1 + r / 100) ** -np.arange(6.0)),
    "normal_density": stats.norm.pdf,
    "note_frequency": lambda note, cents: 440 * 2 ** ((note + cents / 100 - 69) / 12),
    "pendulum_period": lambda length, a: (
        4 * math.sqrt(length / 9.80665) * special.ellipk(math.sin(math.radians(a / 2)) ** 2)
    ),
    "planck_radiance": lambda w, t: (
        2e-12 * constants.h * constants.c**2 / (w * 1e-9) ** 5
        / math.expm1(constants.h * constants.c / (w * 1e-9 * constants.k * t))
    ),
    "poisson_probability": stats.poisson.pmf,
    "population_count": lambda bits: int(bits).bit_count(),
    "quadratic_roots": lambda b, c: np.sort(np.roots([1, b, c]).real),
    "quaternion_rotate": lambda w, *v: Rotation.from_quat([*v[:3], w]).apply(v[3:]),
    "rgb_to_hsv": lambda *c: np.multiply(colorsys.rgb_to_hsv(*c), (360, 1, 1)),
    "rgb565_pack": lambda r, g, b: int(f"{int(r) // 8:05b}{int(g) // 4:06b}{int(b) // 8:05b}", 2),
    "rlc_impedance": lambda r, coil, c, f: abs(r + 2j * np.pi * f * coil / 1e3 + 1e6 / (2j * np.pi * f * c)),
    "rotated_bounds": rotated_bounds,
    "sample_variance": lambda *v: np.var(v, ddof=1),
    "sharpen": lambda *p: np.clip(5 * p[4] - p[1] - p[3] - p[5] - p[7], 0, 255),
    "sigmoid": lambda x, slope: special.expit(slope * x),
    "simpson_sine": lambda k, b: integrate.simpson(
        [math.sin(k * x) * math.exp(-x) for x in np.linspace(0, b, 9)], x=np.linspace(0, b, 9)
    ),
    "sobel": sobel,
    "softmax3": lambda *v: special.softmax(v),
    "softplus": lambda x: np.logaddexp(0, x),
    "spherical_to_cartesian": lambda r, i, a: r * Rotation.from_euler("yz", (i, a)).as_matrix()[:, 2],
    "thin_lens": lambda f, d: f * d / (d - f),
    "to_polar": lambda x, y: (abs(complex(x, y)), np.angle(complex(x, y))),
    "triangle_area": lambda *p: abs(np.linalg.det([[*p[:2], 1], [*p[2:4], 1], [*p[4:], 1]])) / 2,
    "yield_to_maturity": internal_rate,
}  # fmt: skip
# Those that approximate, or compute in float: their error over the greatest result.
LOOSE = {
    "black_scholes_call": 1e-7, "kepler_anomaly": 1e-9, "normal_density": 1e-9, "softplus": 1e-6, "dot4": 1e-6,
    "mean_square_error": 1e-6, "spherical_to_cartesian": 1e-6, "yield_to_maturity": 1e-7, "haversine_distance": 1e-9,
}  # fmt: skip

# Published values, or ones worked out by hand: arguments, results, absolute tolerance.
KNOWN = [
    ("haversine_distance", (51.5074, -0.1278, 48.8566, 2.3522), 343.6, 0.5),  # London, Paris
    ("haversine_distance", (0, 0, 0, 180), math.pi * 6371.0088, 1e-6),
    ("black_scholes_call", (42, 40, 0.1, 0.2, 0.5), 4.76, 0.005),  # Hull, Options, Futures, and Other Derivatives
    ("loan_payment", (200000, 6, 360), 1199.10, 0.005),
    ("income_tax", (50000, 0), 0.14 * 15000 + 0.24 * 25000, 1e-9),
    ("income_tax", (9000, 1000), 0, 0),
    ("shipping_cost", (2, 1500, 1), 2140, 0),
    ("shipping_cost", (0, 500, 0), 390, 0),
    ("parking_fee", (61, 0), 500, 0),
    ("parking_fee", (15, 1), 0, 0),
    ("day_of_week", (2000, 1, 1), 6, 0),
    ("day_of_year", (2000, 3, 1), 61, 0),
    ("day_of_year", (1900, 3, 1), 60, 0),
    ("collatz_steps", (7,), 16, 0),
    ("collatz_steps", (97,), 100, 0),
    ("crc8", (0, 1), 7, 0),
    ("mu_law_encode", (0,), 0xFF, 0),
    ("mu_law_encode", (-1,), 0x7F, 0),
    ("mu_law_encode", (32767,), 0x80, 0),
    ("mu_law_encode", (-32768,), 0x00, 0),
    ("mandelbrot_escape", (0, 0), 24, 0),
    ("mandelbrot_escape", (0.5, 1), 2, 0),
    ("srgb_encode", (0.5,), 0.735357, 1e-6),
    ("srgb_decode", (0.5,), 0.214041, 1e-6),
    ("luminance", (1, 1, 1), 1, 1e-12),
    ("rgb_to_ycbcr", (255, 0, 0), (76, 85, 255), 0),  # JFIF's conversion of red, rounded
    ("smoothstep", (-1, 1, 0), 0.5, 1e-12),
    ("perlin_fade", (0.25,), 0.103515625, 1e-12),
    ("catmull_rom", (-1, 0, 1, 0, 0.5), 0.625, 1e-6),
    ("mitchell_kernel", (0,), 8 / 9, 1e-12),
    ("mitchell_kernel", (1,), 1 / 18, 1e-12),
    ("fresnel_schlick", (0, 1, 1.5), 0.04, 1e-12),
    ("tone_map", (3, 3), 1, 1e-12),
    ("ray_sphere", (0, 0, 0, 0, 1), 3, 1e-12),
    ("ray_sphere", (1, 1, 1, 1, 1), -1, 0),
    ("point_segment_distance", (2, 1, -1, 0, 1, 0), math.sqrt(2), 1e-12),
    ("rounded_box_sdf", (2, 0, 0.25), 1, 1e-12),
    ("box_overlap", (0, 0, 1, 1, 0.5, 0, 1, 1), 1 / 3, 1e-12),
    ("point_in_triangle", (0.5, 0.5, 0, 0, 2, 0, 0, 2), 1, 0),
    ("projectile_range", (20, 45, 0), 400 / 9.80665, 1e-9),
    ("standard_pressure", (5000,), 540.2, 0.1),  # US Standard Atmosphere, 1976
    ("standard_pressure", (15000,), 120.45, 0.1),
    ("friction_factor", (5, 0.001), 0.0222, 1e-4),  # Moody's chart
    ("friction_factor", (3, 0.001), 0.064, 1e-9),
    ("van_der_waals", (1, 300), 22.4, 0.1),
    ("planck_radiance", (500, 5778), 26.4, 0.1),
    ("snell_refraction", (30, 1, 1.5), 19.4712, 1e-4),
    ("snell_refraction", (80, 1.5, 1), 90, 0),
    ("doppler_shift", (440, 0, 34.3), 484, 1e-9),
    ("lennard_jones", (2 ** (1 / 6), 1), -1, 1e-12),
    ("wind_chill", (-10, 30), -19.5, 0.1),  # Environment Canada's chart: -20
    ("heat_index", (90, 70), 105.9, 0.1),  # National Weather Service's chart: 106
    ("dew_point", (25, 50), 13.9, 0.1),
    ("day_length", (0, 172), 12, 1e-9),
    ("day_length", (75, 172), 24, 0),
    ("temperature_convert", (212, 1, 0), 100, 1e-9),
    ("temperature_convert", (300, 2, 2), 300, 0),
    ("median5", (5, 1, 4, 2, 3), 3, 0),
    ("sinc_lanczos", (0,), 1, 0),
    ("sinc_lanczos", (0.5,), 2 / math.pi * 3 / math.pi, 1e-12),
    ("adsr_envelope", (1.2, 0.1, 0.1, 0.5, 0.4, 1), 0.25, 1e-12),
    ("thermostat", (1, 22, 18), 300, 1e-9),
    ("pid_step", (1, 0, 0, 1, 2, 1, 0.1), 2.1, 1e-12),
    ("dead_zone", (-1.5, 0.5), -1, 1e-6),
    ("rate_limiter", (0, 1, 0.25, 0.5), 0.25, 1e-12),
    ("trapezoid_profile", (2, 4, 1, 1), 1.5, 1e-12),
    ("trapezoid_profile", (6, 4, 1, 1), 4, 0),
    ("kalman_update", (0, 1, 0, 2, 1), (1, 0.5), 1e-12),
    ("bicycle_steering", (10, 0), 0, 0),
    ("pwm_ramp", (10, 200, 3), 34, 0),
    ("inverse_kinematics", (3, 4), (math.atan2(4, 3), 0), 1e-12),
    ("two_body_step", (1, 0, 0, 1, 0.01), (math.cos(0.01), math.sin(0.01), -math.sin(0.01), math.cos(0.01)), 1e-6),
]


@pytest.fixture(scope="module")
def rows(library) -> dict[str, np.ndarray]:
    """Each function's random rows, then its known ones."""
    known = {name: [row for other, row, *_ in KNOWN if other == name] for name in library}
    return {name: np.array([*sample(program, ROWS, seed=3), *known[name]]) for name, program in library.items()}


@pytest.fixture(scope="module")
def results(library, rows) -> dict[str, np.ndarray]:
    found = run_many(list(library.values()), list(rows.values()))
    return {name: result.y for name, result in zip(library, found, strict=True)}


def distance(name: str, oracle: Callable, rows, results) -> float:
    """The greatest difference from the oracle on the random rows, over the oracle's greatest result."""
    expected = np.array([oracle(*row) for row in rows[name][:ROWS]], dtype=np.float64).reshape(ROWS, -1)
    return np.abs(results[name][:ROWS] - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("name", ORACLES)
def test_it_agrees_with_an_independent_oracle(name, rows, results):
    assert distance(name, ORACLES[name], rows, results) <= LOOSE.get(name, 1e-9)


@pytest.mark.parametrize(("name", "row", "expected", "tolerance"), KNOWN)
def test_it_gives_the_known_value(name, row, expected, tolerance, rows, results):
    found = results[name][ROWS:][(rows[name][ROWS:] == row).all(axis=1)][0]
    np.testing.assert_allclose(found, np.atleast_1d(expected), rtol=0, atol=tolerance)


def test_inverse_kinematics_puts_the_hand_on_the_target(rows, results):
    hand = arm_hand(*results["inverse_kinematics"][:ROWS].T)
    target = rows["inverse_kinematics"][:ROWS]
    np.testing.assert_allclose(np.stack([hand.real, hand.imag], 1), target, atol=1e-12)


def test_a_target_out_of_reach_is_met_by_a_straight_arm(results):
    assert arm_hand(*results["inverse_kinematics"][-1]) == pytest.approx(0.6 + 0.8j)


@pytest.mark.parametrize(
    ("name", "exact", "tolerance"),
    [
        ("normal_cdf", stats.norm.cdf, 7.5e-8),  # the error that Abramowitz and Stegun state
        ("ellipse_perimeter", lambda a, b: 4 * max(a, b) * special.ellipe(1 - (min(a, b) / max(a, b)) ** 2), 1e-3),
        ("runge_kutta_decay", decay, 0.02),
    ],
)
def test_an_approximation_is_near(name, exact, tolerance, rows, results):
    assert distance(name, exact, rows, results) <= tolerance
