// The elementwise part of a step of LSTM and GRU, and its gradient. Any output may lie where an input of its size lies:
// what belongs to a unit is read before anything that belongs to it is written.
#include "math.h"
#include "pyengine.h"

static __attribute__((noinline)) vf load_end(const float *p, int64_t n) { return load_some(p, (ptrdiff_t)n); }
static __attribute__((noinline)) void store_end(float *p, vf x, int64_t n) { store_some(p, x, (ptrdiff_t)n); }
INLINE vf get(const float *p, int64_t n) { return n >= LANES ? load(p) : load_end(p, n); }
INLINE void put(float *p, vf x, int64_t n) {
  if (n >= LANES)
    store(p, x);
  else
    store_end(p, x, n);
}

// 1 / (1 + e⁻ˣ), 3 ulp; where it would be below e⁻⁸⁷ it is that.
INLINE vf gate(vf x) {
  x = choose(x < -87, splat(-87), choose(x > 87, splat(87), x));
  vu exponent;
  vf p = expm1_near_0(exp_reduced(-x, &exponent)) + 1;
  return 1 / (1 + p * (vf)(exponent + 0x3f800000u));
}

INLINE vf slope(vf gate) { return gate * (1 - gate); } // of a sigmoid, from its value

// h, c, gates (rows, 4 units), curve = tanh c; z (rows, 4 units), old c; rows, units
int kernel_lstm_cell(word *w, context *ctx) {
  (void)ctx;
  float *h = w[0].p, *c = w[1].p, *gates = w[2].p, *curve = w[3].p;
  const float *z = w[4].p, *old = w[5].p;
  const int64_t rows = w[6].i, units = w[7].i;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t k = 0; k < units; k += LANES) {
      const int64_t n = units - k;
      vf i = gate(get(z + k, n)), f = gate(get(z + units + k, n));
      vf g = tanh_f(get(z + 2 * units + k, n)), o = gate(get(z + 3 * units + k, n));
      vf now = madd(f, get(old + k, n), i * g), bent = tanh_f(now);
      put(gates + k, i, n), put(gates + units + k, f, n);
      put(gates + 2 * units + k, g, n), put(gates + 3 * units + k, o, n);
      put(c + k, now, n), put(curve + k, bent, n), put(h + k, o * bent, n);
    }
    h += units, c += units, curve += units, old += units, gates += 4 * units, z += 4 * units;
  }
  return DONE;
}

// dz (rows, 4 units), dc of the old c; dh, dc, gates (rows, 4 units), curve, old c; rows, units
int kernel_lstm_cell_gradient(word *w, context *ctx) {
  (void)ctx;
  float *dz = w[0].p, *dc = w[1].p;
  const float *dh = w[2].p, *arrived = w[3].p, *gates = w[4].p, *curve = w[5].p, *old = w[6].p;
  const int64_t rows = w[7].i, units = w[8].i;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t k = 0; k < units; k += LANES) {
      const int64_t n = units - k;
      vf i = get(gates + k, n), f = get(gates + units + k, n), g = get(gates + 2 * units + k, n);
      vf o = get(gates + 3 * units + k, n), bent = get(curve + k, n), before = get(old + k, n), d = get(dh + k, n);
      vf whole = madd(d * o, 1 - bent * bent, get(arrived + k, n));
      put(dz + k, whole * g * slope(i), n), put(dz + units + k, whole * before * slope(f), n);
      put(dz + 2 * units + k, whole * i * (1 - g * g), n), put(dz + 3 * units + k, d * bent * slope(o), n);
      put(dc + k, whole * f, n);
    }
    dc += units, dh += units, arrived += units, curve += units, old += units, dz += 4 * units, gates += 4 * units;
  }
  return DONE;
}

// h, gates (rows, 4 units); x, s (rows, 3 units), old h; rows, units
int kernel_gru_cell(word *w, context *ctx) {
  (void)ctx;
  float *h = w[0].p, *gates = w[1].p;
  const float *x = w[2].p, *s = w[3].p, *old = w[4].p;
  const int64_t rows = w[5].i, units = w[6].i;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t k = 0; k < units; k += LANES) {
      const int64_t n = units - k;
      vf z = gate(get(x + k, n) + get(s + k, n));
      vf r = gate(get(x + units + k, n) + get(s + units + k, n)), inner = get(s + 2 * units + k, n);
      vf g = tanh_f(madd(r, inner, get(x + 2 * units + k, n))), before = get(old + k, n);
      put(gates + k, z, n), put(gates + units + k, r, n);
      put(gates + 2 * units + k, g, n), put(gates + 3 * units + k, inner, n);
      put(h + k, madd(z, before, (1 - z) * g), n);
    }
    h += units, old += units, gates += 4 * units, x += 3 * units, s += 3 * units;
  }
  return DONE;
}

// dx, ds (rows, 3 units), dh of the old h; dh, gates (rows, 4 units), old h; rows, units
int kernel_gru_cell_gradient(word *w, context *ctx) {
  (void)ctx;
  float *dx = w[0].p, *ds = w[1].p, *out = w[2].p;
  const float *dh = w[3].p, *gates = w[4].p, *old = w[5].p;
  const int64_t rows = w[6].i, units = w[7].i;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t k = 0; k < units; k += LANES) {
      const int64_t n = units - k;
      vf z = get(gates + k, n), r = get(gates + units + k, n), g = get(gates + 2 * units + k, n);
      vf inner = get(gates + 3 * units + k, n), d = get(dh + k, n), before = get(old + k, n);
      vf dz = d * (before - g) * slope(z), dg = d * (1 - z) * (1 - g * g), dr = dg * inner * slope(r);
      put(dx + k, dz, n), put(dx + units + k, dr, n), put(dx + 2 * units + k, dg, n);
      put(ds + k, dz, n), put(ds + units + k, dr, n), put(ds + 2 * units + k, dg * r, n);
      put(out + k, d * z, n);
    }
    out += units, dh += units, old += units, gates += 4 * units, dx += 3 * units, ds += 3 * units;
  }
  return DONE;
}
