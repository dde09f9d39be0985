// Elementary functions of vectors. No libm: additions, multiplications, divisions, roots and whole numbers in one
// fixed order, so strict builds give the same bits on every machine. Special values are NumPy's. Errors are in units
// of the last place, over all floats (tests/executors/simd/test_math.py measures them). Coefficients: minimax fits by
// iteratively reweighted least squares, rounded to float32 one after another and refitted.
#pragma once
#include "simd.h"

#define INF __builtin_inff()
#define NOT_A_NUMBER __builtin_nanf("")
#define SIGN_BIT ((vi){0} + INT32_MIN)

INLINE vf sqrt_f(vf x) {
  for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrtf(x[i]); // one instruction for all lanes
  return x;
}

INLINE vf abs_f(vf x) { return (vf)((vi)x & ~SIGN_BIT); }
INLINE vf negative_f(vf x) { return (vf)((vi)x | SIGN_BIT); } // -|x|
INLINE vf with_sign(vf x, vf of) { return (vf)((vi)x | ((vi)of & SIGN_BIT)); } // of an x with the sign bit clear
INLINE vf masked(vi mask, vf x) { return (vf)(mask & (vi)x); }

// c[0] xⁿ⁻¹ + … + c[n - 1], as two polynomials of x²: half as many steps wait for each other.
INLINE vf polynomial(vf x, const float *c, int n) {
  vf z = x * x, even = splat(c[0]), odd = splat(c[1]);
  for (int k = 2; k < n; k++)
    if (k % 2 == 0)
      even = madd(even, z, splat(c[k]));
    else
      odd = madd(odd, z, splat(c[k]));
  return n % 2 ? madd(odd, x, even) : madd(even, x, odd);
}

// Halves go to the even neighbour: beyond 2²³ there is nothing to round, and below it adding 2²³ rounds.
INLINE vf round_f(vf x) {
  vf magnitude = abs_f(x), rounded = (magnitude + 0x1p23f) - 0x1p23f;
  return choose(magnitude < 0x1p23f, with_sign(rounded, x), x);
}
INLINE vf floor_f(vf x) {
  vf rounded = round_f(x);
  return rounded - masked(rounded > x, splat(1));
}
INLINE vf ceil_f(vf x) {
  vf rounded = round_f(x), up = rounded + masked(rounded < x, splat(1));
  return with_sign(up, x); // a zero keeps its sign, any other number has it
}

// Exponentials: x = n · ln 2 + r with |r| ≤ ln 2 / 2. Adding 1.5 · 2²³ rounds n and leaves it in the low bits.
// log2 e; that number; -ln 2 in two parts, the first of few bits: its products with n are exact; (eʳ - 1 - r) / r².
static const float EXP[] = {0x1.715476p0f,   0x1.8p23f,       -0x1.63p-1f,    0x1.bd0106p-13f, 0x1.6b9a26p-10f,
                            0x1.12253ep-7f, 0x1.5556f4p-5f, 0x1.5554b4p-3f, 0x1.fffffep-2f};

// r; *power: n in the exponent's bits, nothing else.
INLINE vf exp_reduced(vf x, vu *power) {
  const float *c = EXP;
  vf rounder = splat(c[1]), shifted = madd(x, splat(c[0]), rounder), n = shifted - rounder;
  *power = (vu)shifted << 23;
  return madd(n, splat(c[3]), madd(n, splat(c[2]), x));
}
// eʳ - 1
INLINE vf expm1_near_0(vf r) { return madd(polynomial(r, EXP + 4, 5), r * r, r); }
INLINE vf power_of_2(vu power) { return (vf)(power + 0x3f800000u); }

// eˣ, 1 ulp.
INLINE vf exp_f(vf x) {
  x = choose(x > 89, splat(89), x); // beyond these, infinity and 0 (and NaN stays)
  x = choose(x < -104, splat(-104), x);
  vu power;
  vf p = expm1_near_0(exp_reduced(x, &power)) + 1;
  // 2ⁿ in two factors: one alone would leave the range of floats before the result does.
  vu half = (vu)((vi)power >> 1) & 0xff800000u;
  return p * power_of_2(half) * power_of_2(power - half);
}

// eˣ - 1, 2 ulp.
INLINE vf expm1_f(vf x) {
  vf low = choose(x < -20, splat(-20), x);
  vu power;
  vf p = expm1_near_0(exp_reduced(choose(low > 89, splat(89), low), &power));
  vf scale = (vf)(power + 0x3f000000u); // half of 2ⁿ: 2¹²⁸ is no float
  return choose(abs_f(x) < 0x1p-25f, x, madd(p, scale, scale - 0.5f) * 2);
}

// 1 / (1 + e⁻ˣ), 3 ulp. Below -88.3, where it is less than 2⁻¹²⁷, it is 0.
INLINE vf sigmoid_f(vf x) {
  x = choose(x > 80, splat(80), x);
  x = choose(x < -89, splat(-89), x); // 2¹²⁸ is infinity here
  vu power;
  vf p = expm1_near_0(exp_reduced(-x, &power)) + 1;
  return 1 / (1 + p * power_of_2(power));
}

// tanh x = x · P(x²) / Q(x²), both 1 at 0, 6 ulp: an exponential would do with 3, in more than twice the time.
static const float TANH[] = {0x1.cb9adap-27f, 0x1.5a278ep-16f, 0x1.ca67c2p-9f, 0x1.12138cp-3f,
                             0x1.a218dp-21f,  0x1.58cdp-12f,   0x1.a815aep-6f, 0x1.de5f14p-2f};
#define TANH_IS_1 9.02f

INLINE vf tanh_f(vf x) {
  x = choose(x > TANH_IS_1, splat(TANH_IS_1), x);
  x = choose(x < -TANH_IS_1, splat(-TANH_IS_1), x);
  vf z = x * x, p = polynomial(z, TANH, 4), q = polynomial(z, TANH + 4, 4);
  vf y = madd(x * z, p, x) / madd(z, q, splat(1));
  y = choose(y > 1, splat(1), y);
  return choose(y < -1, splat(-1), y);
}

// log u for u > 0: u = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2.
// ln 2 in two parts, as above; (log(1 + f) - f + f²/2) / f³.
static const float LOG[] = {0x1.63p-1f,       -0x1.bd0106p-13f, -0x1.38dc38p-4f, 0x1.056c2p-3f, -0x1.0d854cp-3f,
                            0x1.22d792p-3f, -0x1.54720cp-3f,  0x1.99a028p-3f,  -0x1.000228p-2f, 0x1.555554p-2f};

// log(u · 2^-raised) + correction, for a finite u ≥ 2⁻¹²⁶; any other u gives any result.
INLINE vf log_normal(vf u, vf raised, vf correction) {
  const float *c = LOG;
  vi exponent = (vi)((vu)u - 0x3f3504f3u) >> 23;
  vf f = (vf)((vu)u - ((vu)exponent << 23)) - 1, k = to_float(exponent) - raised, z = f * f;
  vf p = madd(k, splat(c[1]), madd(f * z, polynomial(f, c + 2, 8), correction));
  return madd(k, splat(c[0]), f + madd(z, splat(-0.5f), p));
}
// … and what a logarithm is where its argument is not a finite positive number.
INLINE vf log_special(vf u, vf result) {
  // All bits set are a NaN; laid over ±0, the bits of -∞ are -∞.
  vi special = (vi)u | (u < 0) | ((u == 0) & (vi)splat(-INF));
  return choose((u > 0) & (u < INF), result, (vf)special);
}

// 1 ulp.
INLINE vf log_f(vf x) {
  vi subnormal = x < 0x1p-126f;
  vf u = choose(subnormal, x * 0x1p23f, x);
  return log_special(x, log_normal(u, masked(subnormal, splat(23)), splat(-0.f)));
}

// log(1 + x), 1 ulp: what 1 + x lost to rounding comes back as a correction.
INLINE vf log1p_f(vf x) {
  vf u = 1 + x, lost = (x - (u - 1)) / u;
  return with_sign(log_special(u, log_normal(u, splat(0), lost)), x); // -0 stays -0
}

// log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|), 2 ulp.
INLINE vf softplus_f(vf x) {
  vf small = exp_f(negative_f(x)), u = 1 + small, lost = (small - (u - 1)) / u;
  return choose(x > 0, x, splat(0)) + log_normal(u, splat(0), lost);
}

// The error function, 2 ulp: x + x · Q(x²) up to 0.9, 1 - exp(-|x| · G(|x|)) from there on.
static const float ERF[] = {-0x1.3d52c4p-11f, 0x1.47f3ep-8f, -0x1.b6a74cp-6f, 0x1.ce1c18p-4f, -0x1.8126eep-2f,
                            0x1.06eba6p-3f,   -0x1.c20e12p-13f, 0x1.a60ea2p-9f, -0x1.774bb6p-6f, 0x1.af4196p-4f,
                            0x1.457a5cp-1f,   0x1.20e6bp0f};

INLINE vf erf_f(vf x) {
  const float *c = ERF;
  vf t = abs_f(x), inner = madd(polynomial(x * x, c, 6), x, x);
  vi near_0 = t < 0.9f;
  t = choose(t > 3.95f, splat(3.95f), t); // 1 from here on
  vu power;
  vf p = expm1_near_0(exp_reduced(-(t * polynomial(t, c + 6, 6)), &power)), scale = power_of_2(power);
  vf outer = (1 - scale) - p * scale;
  return choose(near_0, inner, with_sign(outer, x));
}

// Angles: x = n · π/2 + r with |r| ≤ π/4.

// The same for any finite x, lane by lane, in whole numbers: x is m · 2ᵉ, and of 2/π only those 96 bits are needed
// whose products with it are neither multiples of 4 nor too small to matter.
static inline float large_angle(float x, int32_t *n) {
  static const uint32_t two_over_pi[] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1, // 32 bits before the point, 224 behind it
                                         0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  union {
    float number;
    uint32_t bits;
  } is = {x};
  int raised = (int)(is.bits >> 23 & 255);
  if (raised == 255) return *n = 0, x - x; // no angle: NaN
  uint64_t m = (is.bits & 0x7fffff) | 0x800000;
  int first = raised - 150 - 2 + 32, word = first >> 5, shift = first & 31; // the window's first bit
  uint32_t window[3];
  for (int i = 0; i < 3; i++) {
    uint64_t both = (uint64_t)two_over_pi[word + i] << 32 | two_over_pi[word + i + 1];
    window[i] = (uint32_t)(both >> (32 - shift));
  }
  uint64_t low = m * window[2], middle = m * window[1] + (low >> 32), high = m * window[0] + (middle >> 32);
  uint64_t turns = high << 32 | (middle & 0xffffffff); // in units of 2⁻⁶² quarter turns
  uint64_t nearest = (turns + (1ull << 61)) >> 62;
  *n = is.bits >> 31 ? -(int32_t)nearest : (int32_t)nearest;
  double r = (double)(int64_t)(turns - (nearest << 62)) * (0x1.921fb54442d18p0 * 0x1p-62);
  return (float)(is.bits >> 31 ? -r : r);
}

#define EXACT_ANGLE 6000.f // n below 2¹²: its products with the first three parts of π/2 are exact

// 2/π; what rounds; -π/2 in four parts; (sin r - r) / r³; (cos r - 1 + r²/2) / r⁴.
static const float SINE[] = {0x1.45f306p-1f,    0x1.8p23f,         -0x1.92p0f,      -0x1.fb4p-12f,
                             -0x1.444p-24f,     -0x1.68c234p-39f,  -0x1.9951e6p-13f, 0x1.110774p-7f,
                             -0x1.555546p-3f,   0x1.99e81p-16f,    -0x1.6c0c28p-10f, 0x1.55554ap-5f};

INLINE vf angle_reduced(vf x, vi *n) {
  const float *c = SINE;
  vf rounder = splat(c[1]), shifted = madd(x, splat(c[0]), rounder), count = shifted - rounder, r = x;
  for (int k = 2; k < 6; k++) r = madd(count, splat(c[k]), r);
  *n = (vi)shifted;
  vi large = ~(abs_f(x) < EXACT_ANGLE);
  int32_t any = 0;
  for (int i = 0; i < LANES; i++) any |= large[i];
  if (any)
    for (int i = 0; i < LANES; i++)
      if (large[i]) {
        int32_t one;
        r[i] = large_angle(x[i], &one);
        (*n)[i] = one;
      }
  return r;
}

// The sine of r + n · π/2.
INLINE vf sine_of(vf r, vi n) {
  const float *table = SINE;
  vf z = r * r, s = polynomial(z, table + 6, 3), c = polynomial(z, table + 9, 3);
  vf sine = madd(s * z, r, r), cosine = madd(c * z, z, madd(z, splat(-0.5f), splat(1)));
  vi odd = -(n & 1);
  return (vf)((vi)choose(odd, cosine, sine) ^ (vi)((vu)(n & 2) << 30));
}

// 2 ulp over the whole range.
INLINE vf sin_f(vf x) {
  vi n;
  vf r = angle_reduced(abs_f(x), &n);
  return (vf)((vi)sine_of(r, n) ^ ((vi)x & SIGN_BIT));
}
INLINE vf cos_f(vf x) {
  vi n;
  vf r = angle_reduced(x, &n);
  return sine_of(r, (vi)((vu)n + 1));
}

// Powers: 2^(y · log2 x), worked out in float64, so that 1 ulp is left after 7 bits went to the exponent.
typedef double vd __attribute__((vector_size(8 * LANES)));
typedef uint64_t vq __attribute__((vector_size(8 * LANES)));
typedef int64_t vl __attribute__((vector_size(8 * LANES)));

INLINE void power_positive(const vf *x, const vf *y, vf *result) {
  vd u = __builtin_convertvector(*x, vd);
  vl exponent = (vl)((vq)u - 0x3fe6a09e667f3bcdull) >> 52;
  vd m = (vd)((vq)u - ((vq)exponent << 52)), s = (m - 1) / (m + 1), z = s * s; // √½ ≤ m < √2
  vd k = (vd)((vq)exponent + 0x4338000000000000ull) - 0x1.8p52;
  vd p = z * 0.2829030662719202 + 0.31990552032699304;
  p = p * z + 0.4122092558227419;
  p = p * z + 0.5770779423429776;
  p = p * z + 0.9617966941133658;
  p = p * z + 2.885390081777849;
  vd t = __builtin_convertvector(*y, vd) * (p * s + k);
  vl above = t > 200, below = t < -200; // beyond these, infinity and 0
  t = (vd)((above & (vl)((vd){0} + 200)) | (below & (vl)((vd){0} - 200)) | (~(above | below) & (vl)t));
  vd shifted = t + 0x1.8p52, f = t - (shifted - 0x1.8p52);
  vd e = f * 0.00015345787133807113 + 0.0013399957613348093;
  e = e * f + 0.009618489251226776;
  e = e * f + 0.05550328711846802;
  e = e * f + 0.24022646886016658;
  e = e * f + 0.6931472057671121;
  e = e * f + 1.0000000005550576;
  *result = __builtin_convertvector(e * (vd)(((vq)shifted + 1023) << 52), vf);
}

// xʸ, 1 ulp.
INLINE vf power_f(vf x, vf y) {
  vf magnitude = abs_f(x), result;
  power_positive(&magnitude, &y, &result);
  vi whole = round_f(y) == y, odd = whole & (round_f(y * 0.5f) * 2 != y);
  result = choose(magnitude == 0, choose(y > 0, splat(0), splat(INF)), result);
  result = choose(magnitude == INF, choose(y > 0, splat(INF), splat(0)), result);
  result = choose((x < 0) & (x > -INF) & ~whole, splat(NOT_A_NUMBER), result);
  result = choose((magnitude == 1) & (abs_f(y) == INF), splat(1), result);
  result = (vf)((vi)result ^ (odd & (vi)x & SIGN_BIT));
  result = choose((x != x) | (y != y), splat(NOT_A_NUMBER), result);
  return choose((y == 0) | (x == 1), splat(1), result);
}
