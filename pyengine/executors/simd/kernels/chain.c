// Any expression of elementwise operations, block by block in the first-level cache.
//
// Operands are arrays of 4-byte numbers, the same index in each belonging together: whole inputs and outputs where
// they lie in memory, and registers of one block in the workspace. Registers hold what an instruction made, or what a
// load brought: a scalar, an input stretched by broadcasting, numbers of other than 4 bytes. Truths are masks there.
#include "math.h"
#include "pyengine.h"

// `one`: an instruction's bytes: operation, out, x, y, z, u, v. The output may be one of the operands.
// n: a multiple of LANES.
typedef void operation(const uint8_t *one, float *const *at, ptrdiff_t n);

#define OPERATION(name)                                                                                      \
  static void operation_##name(const uint8_t *one, float *const *at, ptrdiff_t n)

#define EACH(name, expression)                                                                               \
  OPERATION(name) {                                                                                          \
    float *const out = at[one[1]];                                                                           \
    const float *const x = at[one[2]], *const y = at[one[3]], *const z = at[one[4]];                         \
    (void)y, (void)z;                                                                                        \
    for (ptrdiff_t i = 0; i < n; i += LANES) store(out + i, (vf)(expression));                               \
  }
#define A load(x + i)
#define B load(y + i)
#define C load(z + i)
#define IA ((vi)A)
#define IB ((vi)B)
#define UA ((vu)A)
#define UB ((vu)B)

// One number after another, where vectors have no instruction for it.
#define ONE_BY_ONE(name, type, function)                                                                     \
  INLINE vf name##_lanes(vf a, vf b) {                                                                       \
    union {                                                                                                  \
      vf whole;                                                                                              \
      type lane[LANES];                                                                                      \
    } p = {a}, q = {b};                                                                                      \
    for (int k = 0; k < LANES; k++) p.lane[k] = function(p.lane[k], q.lane[k]);                              \
    return p.whole;                                                                                          \
  }                                                                                                          \
  EACH(name, name##_lanes(A, B))

INLINE vf maximum_f(vf a, vf b) { return choose((a >= b) | (a != a), a, b); } // NaN wins
INLINE vf minimum_f(vf a, vf b) { return choose((a <= b) | (a != a), a, b); }
INLINE vf sign_f(vf x) {
  vf one = masked(x > 0, splat(1)) - masked(x < 0, splat(1));
  return choose(x != x, x, one);
}
INLINE vf clip_f(vf x, vf low, vf high) {
  x = choose(x < low, low, x);
  return choose(x > high, high, x);
}

// Cut towards 0. What does not fit is INT32_MIN, or 0 of the unsigned: as x86 has it.
INLINE vi to_int(vf x) {
  vi fits = (x >= -0x1p31f) & (x < 0x1p31f);
  return choose_i(fits, __builtin_convertvector(masked(fits, x), vi), SIGN_BIT);
}
INLINE vi to_unsigned(vf x) { // the upper half through the lower one
  vi upper = (x >= 0x1p31f) & (x < 0x1p32f), fits = (x >= -0x1p31f) & (x < 0x1p32f);
  return fits & (to_int(x - masked(upper, splat(0x1p31f))) ^ (upper & SIGN_BIT));
}
INLINE vf from_unsigned(vu x) { // halves are exact, their sum is rounded once
  return to_float((vi)(x >> 16)) * 0x1p16f + to_float((vi)(x & 0xffff));
}

// a - b · trunc(a / b), exact: quotients of at most 28 bits are taken off until less than b is left.
static float remainder_one(float a, float b) {
  double x = a < 0 ? -(double)a : (double)a, y = b < 0 ? -(double)b : (double)b;
  if (!(x < INF) || !(y > 0)) return NOT_A_NUMBER;
  if (y == INF) return a;
  while (x >= y) {
    union {
      double number;
      uint64_t bits;
    } quotient = {x / y}, scale = {1};
    uint64_t exponent = quotient.bits >> 52;
    if (exponent > 1023 + 27) scale.bits = (exponent - 27) << 52;
    double step = y * scale.number;
    x -= (double)(int64_t)(quotient.number / scale.number) * step;
    if (x < 0) x += step;
  }
  return __builtin_copysignf((float)x, a);
}
static float modulo_one(float a, float b) { // with the sign of b
  float rest = remainder_one(a, b);
  if (b == 0) return rest;
  if (rest == 0) return __builtin_copysignf(0, b);
  return (b < 0) != (rest < 0) ? rest + b : rest;
}
static float floor_divide_one(float a, float b) { // NumPy's, step by step
  if (b == 0) return a / b;
  float rest = remainder_one(a, b), quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return __builtin_copysignf(0, a / b);
  float whole = floor_f(splat(quotient))[0];
  return quotient - whole > 0.5f ? whole + 1 : whole;
}

// Division by zero gives 0, as NumPy has it.
static int32_t floor_divide_int(int32_t a, int32_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int32_t)(0u - (uint32_t)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static int32_t modulo_int(int32_t a, int32_t b) {
  if (b == 0 || b == -1) return 0;
  int32_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
static uint32_t divide_unsigned(uint32_t a, uint32_t b) { return b ? a / b : 0; }
static uint32_t modulo_unsigned(uint32_t a, uint32_t b) { return b ? a % b : 0; }

EACH(add, A + B)
EACH(subtract, A - B)
EACH(multiply, A * B)
EACH(divide, A / B)
EACH(maximum, maximum_f(A, B))
EACH(minimum, minimum_f(A, B))
EACH(power, power_f(A, B))
ONE_BY_ONE(floor_divide, float, floor_divide_one)
ONE_BY_ONE(modulo, float, modulo_one)
EACH(equal, A == B)
EACH(not_equal, A != B)
EACH(less, A < B)
EACH(less_equal, A <= B)
EACH(multiply_add, madd(A, B, C))
EACH(multiply_subtract, madd(A, B, -C))
EACH(negative_multiply_add, madd(-A, B, C))
EACH(gate, A * masked((vi)B, splat(1)))
EACH(gate_less, A * masked(B < C, splat(1)))
EACH(clip, clip_f(A, B, C))

// Several operations at once, where a step's time is spent. Of the scalars a and b one vector is there.
// x · a + y · b
OPERATION(weighted_sum) {
  float *const out = at[one[1]];
  const float *const x = at[one[2]], *const y = at[one[3]];
  const vf a = load(at[one[4]]), b = load(at[one[5]]);
  for (ptrdiff_t i = 0; i < n; i += LANES) store(out + i, madd(A, a, B * b));
}
// x · a + y² · b
OPERATION(weighted_square_sum) {
  float *const out = at[one[1]];
  const float *const x = at[one[2]], *const y = at[one[3]];
  const vf a = load(at[one[4]]), b = load(at[one[5]]);
  for (ptrdiff_t i = 0; i < n; i += LANES) store(out + i, madd(A, a, B * B * b));
}
// x - y · a / (√z + b)
OPERATION(root_step) {
  float *const out = at[one[1]];
  const float *const x = at[one[2]], *const y = at[one[3]], *const z = at[one[4]];
  const vf a = load(at[one[5]]), b = load(at[one[6]]);
  for (ptrdiff_t i = 0; i < n; i += LANES) store(out + i, A - B * a / (sqrt_f(C) + b));
}

EACH(negative, (vi)A ^ SIGN_BIT)
EACH(absolute, abs_f(A))
EACH(sign, sign_f(A))
EACH(floor, floor_f(A))
EACH(ceil, ceil_f(A))
EACH(round, round_f(A))
EACH(is_finite, abs_f(A) < INF)
EACH(sqrt, sqrt_f(A))
EACH(rsqrt, 1 / sqrt_f(A))
EACH(exp, exp_f(A))
EACH(expm1, expm1_f(A))
EACH(log, log_f(A))
EACH(log1p, log1p_f(A))
EACH(sin, sin_f(A))
EACH(cos, cos_f(A))
EACH(tanh, tanh_f(A))
EACH(sigmoid, sigmoid_f(A))
EACH(softplus, softplus_f(A))
EACH(erf, erf_f(A))
EACH(relu, IA & ~(A <= 0))

EACH(add_int, UA + UB)
EACH(subtract_int, UA - UB)
EACH(multiply_int, UA *UB)
EACH(maximum_int, choose_i(IA > IB, IA, IB))
EACH(minimum_int, choose_i(IA < IB, IA, IB))
EACH(maximum_unsigned, choose_i(UA > UB, IA, IB))
EACH(minimum_unsigned, choose_i(UA < UB, IA, IB))
ONE_BY_ONE(floor_divide_int, int32_t, floor_divide_int)
ONE_BY_ONE(modulo_int, int32_t, modulo_int)
ONE_BY_ONE(divide_unsigned, uint32_t, divide_unsigned)
ONE_BY_ONE(modulo_unsigned, uint32_t, modulo_unsigned)
EACH(equal_int, IA == IB)
EACH(not_equal_int, IA != IB)
EACH(less_int, IA < IB)
EACH(less_equal_int, IA <= IB)
EACH(less_unsigned, UA < UB)
EACH(less_equal_unsigned, UA <= UB)
EACH(sign_int, -(IA > 0) | (IA < 0))

EACH(bits_and, IA & IB)
EACH(bits_or, IA | IB)
EACH(bits_not, ~IA)
EACH(select, choose(IA, B, C))
EACH(float_from_int, to_float(IA))
EACH(float_from_unsigned, from_unsigned(UA))
EACH(int_from_float, to_int(A))
EACH(unsigned_from_float, to_unsigned(A))
EACH(move, A)

#define EVERY_OPERATION(X)                                                                                   \
  X(add) X(subtract) X(multiply) X(divide) X(maximum) X(minimum) X(power) X(floor_divide) X(modulo)          \
  X(equal) X(not_equal) X(less) X(less_equal) X(multiply_add) X(multiply_subtract)                           \
  X(negative_multiply_add) X(gate) X(gate_less) X(clip) X(weighted_sum) X(weighted_square_sum)               \
  X(root_step) X(negative) X(absolute) X(sign) X(floor) X(ceil) X(round) X(is_finite) X(sqrt) X(rsqrt)       \
  X(exp) X(expm1) X(log) X(log1p) X(sin) X(cos) X(tanh) X(sigmoid) X(softplus) X(erf) X(relu)                \
  X(add_int) X(subtract_int) X(multiply_int) X(maximum_int) X(minimum_int) X(maximum_unsigned)               \
  X(minimum_unsigned) X(floor_divide_int) X(modulo_int) X(divide_unsigned) X(modulo_unsigned)                \
  X(equal_int) X(not_equal_int) X(less_int) X(less_equal_int) X(less_unsigned) X(less_equal_unsigned)        \
  X(sign_int) X(bits_and) X(bits_or) X(bits_not) X(select) X(float_from_int) X(float_from_unsigned)          \
  X(int_from_float) X(unsigned_from_float) X(move)

#define FUNCTION(name) operation_##name,
#define NAME(name) #name,
static operation *const OPERATIONS[] = {EVERY_OPERATION(FUNCTION)};
names operation_names = {EVERY_OPERATION(NAME) NULL};

// What a load reads and makes of it.
enum { WORDS, TRUTHS, BYTES, LONGS_AS_FLOATS, LONGS_AS_INTS, LONGS_AS_TRUTHS, CONSTANT };
names load_names = {[WORDS] = "words",
                    [TRUTHS] = "bool",
                    [BYTES] = "uint8",
                    [LONGS_AS_FLOATS] = "longs_float32",
                    [LONGS_AS_INTS] = "longs_int32",
                    [LONGS_AS_TRUTHS] = "longs_bool",
                    [CONSTANT] = "constant",
                    NULL};
static const uint8_t WIDTH[] = {4, 1, 1, 8, 8, 8};

typedef uint32_t bits_memory __attribute__((may_alias));

#define CONVERT(type, to, expression)                                                                        \
  {                                                                                                          \
    typedef to made __attribute__((may_alias));                                                              \
    const type *numbers = source;                                                                            \
    made *target = out;                                                                                      \
    for (ptrdiff_t i = 0; i < n; i++) target[i] = (to)(expression);                                          \
    return;                                                                                                  \
  }

// 4-byte numbers of any kind.
INLINE void copy(float *out, const float *x, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES) store(out + i, load(x + i));
  for (; i < n; i++) ((bits_memory *)out)[i] = ((const bits_memory *)x)[i];
}

static void convert(void *out, const void *source, ptrdiff_t n, unsigned kind) {
  switch (kind) {
  case TRUTHS: CONVERT(uint8_t, int32_t, -(numbers[i] != 0))
  case BYTES: CONVERT(uint8_t, int32_t, numbers[i])
  case LONGS_AS_FLOATS: CONVERT(int64_t, float, numbers[i])
  case LONGS_AS_INTS: CONVERT(int64_t, uint32_t, numbers[i])
  case LONGS_AS_TRUTHS: CONVERT(int64_t, int32_t, -(numbers[i] != 0))
  default: copy(out, source, n);
  }
}

// One number of any kind.
INLINE uint32_t bits_of(const char *source, unsigned kind) {
  uint32_t bits;
  if (kind == WORDS) return *(const bits_memory *)source;
  convert(&bits, source, 1, kind);
  return bits;
}

#define SPACE 16 // numbers between registers: room to write whole vectors, and not all in the same lines of the cache

// Up to SPACE - 1 numbers behind them are written too: short runs without a branch that cannot be foreseen.
INLINE void fill(float *out, uint32_t bits, ptrdiff_t n) {
  const vf all = (vf)((vu){0} + bits);
  for (ptrdiff_t i = 0; i < SPACE; i += LANES) store(out + i, all);
  for (ptrdiff_t i = SPACE; i < n; i += LANES) store(out + i, all);
}

// A load: head (a byte each: kind, register, what its runs repeat, rank), source, length of a run, and for each of
// `rank` axes before it, from the innermost: length, step in the source.
enum { NOTHING, ONE_NUMBER, ONE_VECTOR }; // a vector: nobody reads more of the register
#define BYTE(word, number) ((unsigned)((word).i >> 8 * (number)) & 255u)
#define KIND(load) BYTE((load)[0], 0)
#define REGISTER(load) BYTE((load)[0], 1)
#define REPEATS(load) BYTE((load)[0], 2)
#define RANK(load) BYTE((load)[0], 3)
#define NEXT(load) ((load) + 3 + 2 * RANK(load))
#define AXES 8

INLINE ptrdiff_t number(word w) { return (ptrdiff_t)w.i; }
INLINE ptrdiff_t in_vectors(ptrdiff_t n) { return (n + LANES - 1) / LANES * LANES; }

static void load_scalar(float *out, const word *w, ptrdiff_t n) {
  uint32_t bits = KIND(w) == CONSTANT ? (uint32_t)w[1].i : bits_of(w[1].p, KIND(w));
  fill(out, bits, REPEATS(w) == ONE_VECTOR ? LANES : n);
}

// Numbers `start` to `start + n` of a stretched input. Some more may be written behind them.
static void load_stretched(float *out, const word *w, ptrdiff_t start, ptrdiff_t n) {
  const ptrdiff_t run = number(w[2]);
  const unsigned kind = KIND(w), rank = RANK(w), width = WIDTH[kind];
  const char *source = w[1].p;
  const word *axes = w + 3; // of axis k: length axes[2k], step axes[2k + 1]
  ptrdiff_t inside = 0, index[AXES] = {0}, from = 0;
  if (start) {
    inside = start % run, start /= run;
    for (unsigned k = 0; k < rank; k++) {
      index[k] = start % number(axes[2 * k]), start /= number(axes[2 * k]);
      from += index[k] * number(axes[2 * k + 1]);
    }
  } else if (rank == 1 && number(axes[1]) == 0 && LANES <= run && run < n) { // a row again and again
    convert(out, source, run, kind);
    for (ptrdiff_t i = run; i < n; i += LANES) store(out + i, load(out + i - run));
    return;
  }
  while (n > 0) {
    ptrdiff_t m = run - inside < n ? run - inside : n;
    if (REPEATS(w))
      fill(out, bits_of(source + from * width, kind), m);
    else
      convert(out, source + (from + inside) * width, m, kind);
    out += m, n -= m, inside = 0;
    for (unsigned k = 0; k < rank; k++) {
      from += number(axes[2 * k + 1]);
      if (++index[k] < number(axes[2 * k])) break;
      from -= index[k] * number(axes[2 * k + 1]);
      index[k] = 0;
    }
  }
}

// The words of a call: these, then addresses of whole inputs and outputs; instructions; stores (a byte each: register,
// the bits of it to store; then the address: a byte for each number); loads.
enum {
  COUNT,        // numbers in all
  BLOCK,        // numbers in a block
  INPUTS,       // whole ones; the first operands
  OUTPUTS,      // whole ones; the next operands
  REGISTERS,    // the other operands, which begin with …
  SCALARS,      // … loads of scalars, which do not change along a block, …
  CONSTANTS,    // … what the first instructions make of these alone, …
  LASTING,      // … loads that serve all blocks, …
  PASSING,      // … and loads for each block
  INSTRUCTIONS, // all; the first CONSTANTS of them run once
  STORES,
  HEAD
};
#define SHORT 64 // up to so many numbers, and ends of longer arrays, go through registers if no multiple of LANES
#define OPERANDS 256

static void perform(const word *from, const word *to, float *const *at, ptrdiff_t n) {
  for (; from < to; from++) OPERATIONS[BYTE(*from, 0)]((const uint8_t *)from, at, n);
}

int kernel_chain(word *w, context *c) {
  const ptrdiff_t count = number(w[COUNT]), block = number(w[BLOCK]), inputs = number(w[INPUTS]);
  const ptrdiff_t whole = inputs + number(w[OUTPUTS]), operands = whole + number(w[REGISTERS]);
  const ptrdiff_t steady = whole + number(w[SCALARS]) + number(w[CONSTANTS]);
  const word *const addresses = w + HEAD, *const code = addresses + whole, *const body = code + number(w[CONSTANTS]);
  const word *const stores = code + number(w[INSTRUCTIONS]), *const loads = stores + 2 * number(w[STORES]);
  const word *next = loads;
  float *at[OPERANDS], *const homes = (float *)c->workspace;
  if (count == 0) return DONE;

  const ptrdiff_t widest = count < block ? count : block;
  float *place = homes + SHORT * whole;
  for (ptrdiff_t k = whole; k < operands; k++, place += block + SPACE) at[k] = place;
  for (ptrdiff_t k = number(w[SCALARS]); k > 0; k--, next = NEXT(next))
    load_scalar(at[REGISTER(next)], next, widest);
  perform(code, body, at, in_vectors(widest));
  for (ptrdiff_t k = number(w[LASTING]); k > 0; k--, next = NEXT(next))
    load_stretched(at[REGISTER(next)], next, 0, widest);
  const word *const passing = next;

  for (ptrdiff_t begin = 0; begin < count; begin += block) {
    const ptrdiff_t length = count - begin < block ? count - begin : block;
    for (ptrdiff_t done = 0, n; done < length; done += n) {
      int through = 0; // whether whole arrays go through registers
      n = length - done;
      if (n % LANES) {
        if (n > SHORT)
          n -= n % LANES;
        else
          through = 1;
      }
      for (ptrdiff_t k = 0; k < whole; k++) {
        at[k] = (float *)addresses[k].p + begin + done;
        if (through) {
          float *home = homes + SHORT * k;
          store(home + n / LANES * LANES, splat(0));
          if (k < inputs) copy(home, at[k], n);
          at[k] = home;
        }
      }
      if (done) // the end of a last block
        for (ptrdiff_t k = steady; k < operands; k++) at[k] += done;
      next = passing;
      for (ptrdiff_t k = number(w[PASSING]); k > 0; k--, next = NEXT(next))
        load_stretched(at[REGISTER(next)], next, begin + done, n);
      perform(body, stores, at, in_vectors(n));
      for (const word *one = stores; one < loads; one += 2) {
        const bits_memory *from = (const bits_memory *)at[BYTE(*one, 0)];
        const unsigned bits = BYTE(*one, 1);
        uint8_t *to = (uint8_t *)one[1].p + begin + done;
        for (ptrdiff_t i = 0; i < n; i++) to[i] = (uint8_t)(from[i] & bits);
      }
      if (through)
        for (ptrdiff_t k = inputs; k < whole; k++) copy((float *)addresses[k].p + begin + done, at[k], n);
    }
  }
  return DONE;
}
