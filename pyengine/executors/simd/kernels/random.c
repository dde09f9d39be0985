// Random numbers with the very bits of pyengine/random.py and pyengine/quantile.py, in relaxed builds too: so in this
// file no multiplication is fused with an addition.
#include "pyengine.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

typedef struct {
  uint32_t word[3]; // the two of the key, and what Threefry adds as the third
} key;

static key key_of(uint32_t first, uint32_t second) { return (key){{first, second, first ^ second ^ 0x1BD11BDA}}; }

// Threefry-2x32 with 20 rounds, on vectors and on single words.
#define ROTATED(x, by) ((x) << (by) | (x) >> (32 - (by)))
#define ROUND(x0, x1, by) x0 += x1, x1 = ROTATED(x1, by) ^ x0
#define FOUR_ROUNDS(x0, x1, a, b, c, d) ROUND(x0, x1, a), ROUND(x0, x1, b), ROUND(x0, x1, c), ROUND(x0, x1, d)
#define INJECT(k, x0, x1, n) x0 += k.word[(n) % 3], x1 += k.word[((n) + 1) % 3] + (n)
#define THREEFRY(k, x0, x1)                                                                                            \
  INJECT(k, x0, x1, 0u);                                                                                               \
  FOUR_ROUNDS(x0, x1, 13, 15, 26, 6), INJECT(k, x0, x1, 1u);                                                           \
  FOUR_ROUNDS(x0, x1, 17, 29, 16, 24), INJECT(k, x0, x1, 2u);                                                          \
  FOUR_ROUNDS(x0, x1, 13, 15, 26, 6), INJECT(k, x0, x1, 3u);                                                           \
  FOUR_ROUNDS(x0, x1, 17, 29, 16, 24), INJECT(k, x0, x1, 4u);                                                          \
  FOUR_ROUNDS(x0, x1, 13, 15, 26, 6), INJECT(k, x0, x1, 5u)

// The key of a state (two words of a key, a counter): fold_in of pyengine/random.py.
static key key_of_state(const uint32_t *state) {
  key k = key_of(state[0], state[1]);
  uint32_t x0 = state[2], x1 = 0x80000000;
  THREEFRY(k, x0, x1);
  return key_of(x0, x1);
}

#define GROUP (4 * LANES) // words made at once: two vectors of blocks, which need not wait for each other
#define CHUNK 1024        // words made before they are used: they stay in the first-level cache

#if LANES == 4
#define ALTERNATING_LOW 0, 4, 1, 5
#define ALTERNATING_HIGH 2, 6, 3, 7
#elif LANES == 8
#define ALTERNATING_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ALTERNATING_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define ALTERNATING_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ALTERNATING_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

INLINE void put_words(uint32_t *words, vu x0, vu x1) {
  *(vu_memory *)words = __builtin_shufflevector(x0, x1, ALTERNATING_LOW);
  *(vu_memory *)(words + LANES) = __builtin_shufflevector(x0, x1, ALTERNATING_HIGH);
}

// Words number `first` (even) and following of the stream; as many groups as hold `count` words.
static void make_words(uint32_t *words, key k, int64_t first, int64_t count) {
  vu lane;
  for (int i = 0; i < LANES; i++) lane[i] = (uint32_t)i;
  for (int64_t i = 0; i < count; i += GROUP) {
    vu a0 = lane + (uint32_t)((first + i) / 2), b0 = a0 + LANES, a1 = {0}, b1 = {0}; // encode/random.py: no carry
    THREEFRY(k, a0, a1);
    THREEFRY(k, b0, b1);
    put_words(words + i, a0, a1);
    put_words(words + i + 2 * LANES, b0, b1);
  }
}

// w: out, state, count, number of the first (even), low, high - low
int kernel_random_uniform(word *w, context *c) {
  float *out = w[0].p;
  const key k = key_of_state(w[1].p);
  const int64_t count = w[2].i;
  const float low = (float)w[4].f, span = (float)w[5].f;
  uint32_t *words = (uint32_t *)c->workspace;
  for (int64_t done = 0; done < count; done += CHUNK) {
    int64_t n = count - done < CHUNK ? count - done : CHUNK, i = 0;
    make_words(words, k, w[3].i + done, n);
    for (; n - i >= LANES; i += LANES) {
      vu word = *(const vu_memory *)(words + i) >> 8;
      store(out + done + i, to_float((vi)word) * 0x1p-24f * span + low);
    }
    for (; i < n; i++) out[done + i] = (float)(words[i] >> 8) * 0x1p-24f * span + low;
  }
  return DONE;
}

// The quantile of the normal distribution, operation by operation as pyengine/quantile.py does it.
typedef double vd __attribute__((vector_size(16)));
typedef int64_t vl __attribute__((vector_size(16)));
typedef uint32_t pair __attribute__((vector_size(8), aligned(4), may_alias));
#define PAIR 2

static const double CENTRE[2][8] = {
    {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
     1971.5909503065514427, 133.14166789178437745, 3.387132872796366608},
    {5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
     687.1870074920579083, 42.313330701600911252, 1.0}};
static const double SIDE[2][8] = {
    {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734},
    {1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0}};
#define SIDE_FROM 0.425
#define LN_2 0.6931471805599453

INLINE vd polynomial(const double *coefficients, int count, vd x) {
  vd result = (vd){0} + coefficients[0];
  for (int i = 1; i < count; i++) result = result * x + coefficients[i];
  return result;
}

INLINE vd rational(const double (*coefficients)[8], vd x) {
  return polynomial(coefficients[0], 8, x) / polynomial(coefficients[1], 8, x);
}

// x: normal, above 0
INLINE vd logarithm(vd x) {
  static const double SERIES[] = {2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11,
                                  2. / 9,  2. / 7,  2. / 5,  2. / 3,  2.};
  vl bits = (vl)x;
  vd exponent = __builtin_convertvector((bits >> 52) - 1022, vd);
  vd fraction = (vd)((bits & 0xfffffffffffff) | 0x3fe0000000000000); // from a half to 1
  vl small = fraction < 0.7071067811865476;
  fraction = (vd)((vl)fraction + (small & 0x10000000000000)); // twice as much
  exponent += __builtin_convertvector(small, vd);
  vd ratio = (fraction - 1) / (fraction + 1);
  return ratio * polynomial(SERIES, 11, ratio * ratio) + exponent * LN_2;
}

INLINE vd side_quantile(vd p, vd centred) {
  vd other = 1 - p;
  vl nearer = p < other;
  vd depth = -logarithm((vd)((nearer & (vl)p) | (~nearer & (vl)other)));
  for (int i = 0; i < PAIR; i++) depth[i] = __builtin_sqrt(depth[i]);
  return (vd)((vl)rational(SIDE, depth - 1.6) | ((vl)centred & INT64_MIN));
}

INLINE vd probability(const uint32_t *words) {
  return (__builtin_convertvector(*(const pair *)words, vd) + 0.5) * 0x1p-32;
}

// w: out, state, count, number of the first (even)
int kernel_random_normal(word *w, context *c) {
  float *out = w[0].p;
  const key k = key_of_state(w[1].p);
  const int64_t count = w[2].i;
  uint32_t *words = (uint32_t *)c->workspace, *far = words + CHUNK; // words that lie at the sides are done together
  int32_t *where = (int32_t *)(far + CHUNK + PAIR);
  for (int64_t done = 0; done < count; done += CHUNK) {
    int64_t n = count - done < CHUNK ? count - done : CHUNK, sides = 0;
    make_words(words, k, w[3].i + done, n);
    for (int64_t i = 0; i < n; i += PAIR) {
      vd centred = probability(words + i) - 0.5;
      vd result = rational(CENTRE, SIDE_FROM * SIDE_FROM - centred * centred) * centred;
      for (int lane = 0; lane < PAIR && i + lane < n; lane++) {
        out[done + i + lane] = (float)result[lane];
        far[sides] = words[i + lane], where[sides] = (int32_t)(i + lane);
        sides += centred[lane] > SIDE_FROM || centred[lane] < -SIDE_FROM;
      }
    }
    far[sides] = 0; // the last pair may lack a number
    for (int64_t i = 0; i < sides; i += PAIR) {
      vd p = probability(far + i), result = side_quantile(p, p - 0.5);
      for (int lane = 0; lane < PAIR && i + lane < sides; lane++) out[done + where[i + lane]] = (float)result[lane];
    }
  }
  return DONE;
}

// w: out, state; they may be the same memory
int kernel_next_random_state(word *w, context *c) {
  (void)c;
  uint32_t *out = w[0].p;
  const uint32_t *state = w[1].p;
  out[0] = state[0], out[1] = state[1], out[2] = state[2] + 1;
  return DONE;
}
