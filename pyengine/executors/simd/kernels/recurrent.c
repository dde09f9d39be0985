// The elementwise part of a step of LSTM and GRU, and its gradient. Any output may lie where an input of its size lies:
// what belongs to a unit is read before anything that belongs to it is written.
#include "math.h"
#include "pyengine.h"

#define MOST 16 // rows of units in all arrays of a kernel

// What a kernel does to n units, a multiple of LANES, given where the rows of units in its arrays begin.
typedef void units_of(const float *const *in, float *const *out, int64_t n);

// Row by row. `widths`: for each array, the outputs first, how many rows of units stand side by side in one of its rows.
// outputs, inputs, rows, units
static int by_rows(word *w, const char *widths, int outputs, units_of *f) {
  float *at[MOST];
  int64_t step[MOST];
  int count = 0, made = 0, arrays = 0;
  while (widths[arrays]) arrays++;
  const int64_t rows = w[arrays].i, units = w[arrays + 1].i, rest = units % LANES, whole = units - rest;
  for (int array = 0; array < arrays; array++) {
    const int width = widths[array] - '0';
    for (int k = 0; k < width; k++) at[count] = (float *)w[array].p + k * units, step[count++] = width * units;
    if (array < outputs) made = count;
  }
  const float *const *const in = (const float *const *)(at + made);
  for (int64_t row = 0; row < rows; row++) {
    if (whole) f(in, at, whole);
    if (rest) { // the last units, by way of whole vectors
      float held[MOST][LANES] __attribute__((aligned(4 * LANES))) = {0};
      float *lanes[MOST];
      for (int i = 0; i < count; i++) lanes[i] = held[i];
      for (int i = made; i < count; i++) memcpy(held[i], at[i] + whole, (size_t)rest * sizeof(float));
      f((const float *const *)(lanes + made), lanes, LANES);
      for (int i = 0; i < made; i++) memcpy(at[i] + whole, held[i], (size_t)rest * sizeof(float));
    }
    for (int i = 0; i < count; i++) at[i] += step[i];
  }
  return DONE;
}

// 1 / (1 + e⁻ˣ), 3 ulp; where it would be below e⁻⁸⁷ it is that.
INLINE vf gate(vf x) {
  x = choose(x < -87, splat(-87), choose(x > 87, splat(87), x));
  vu exponent;
  vf p = expm1_near_0(exp_reduced(-x, &exponent)) + 1;
  return 1 / (1 + p * (vf)(exponent + 0x3f800000u));
}

INLINE vf slope(vf gate) { return gate * (1 - gate); } // of a sigmoid, from its value

static void lstm(const float *const *in, float *const *out, int64_t n) {
  for (int64_t k = 0; k < n; k += LANES) {
    vf i = gate(load(in[0] + k)), f = gate(load(in[1] + k)), g = tanh_f(load(in[2] + k)), o = gate(load(in[3] + k));
    vf c = madd(f, load(in[4] + k), i * g), curve = tanh_f(c);
    store(out[0] + k, o * curve), store(out[1] + k, c), store(out[2] + k, i), store(out[3] + k, f);
    store(out[4] + k, g), store(out[5] + k, o), store(out[6] + k, curve);
  }
}

static void lstm_gradient(const float *const *in, float *const *out, int64_t n) {
  for (int64_t k = 0; k < n; k += LANES) {
    vf dh = load(in[0] + k), i = load(in[2] + k), f = load(in[3] + k), g = load(in[4] + k), o = load(in[5] + k);
    vf curve = load(in[6] + k), c = load(in[7] + k), dc = madd(dh * o, 1 - curve * curve, load(in[1] + k));
    store(out[0] + k, dc * g * slope(i)), store(out[1] + k, dc * c * slope(f));
    store(out[2] + k, dc * i * (1 - g * g)), store(out[3] + k, dh * curve * slope(o)), store(out[4] + k, dc * f);
  }
}

static void gru(const float *const *in, float *const *out, int64_t n) {
  for (int64_t k = 0; k < n; k += LANES) {
    vf z = gate(load(in[0] + k) + load(in[3] + k)), r = gate(load(in[1] + k) + load(in[4] + k));
    vf inner = load(in[5] + k), g = tanh_f(madd(r, inner, load(in[2] + k)));
    vf h = madd(z, load(in[6] + k), (1 - z) * g);
    store(out[0] + k, h), store(out[1] + k, z), store(out[2] + k, r), store(out[3] + k, g), store(out[4] + k, inner);
  }
}

static void gru_gradient(const float *const *in, float *const *out, int64_t n) {
  for (int64_t k = 0; k < n; k += LANES) {
    vf dh = load(in[0] + k), z = load(in[1] + k), r = load(in[2] + k), g = load(in[3] + k);
    vf dz = dh * (load(in[5] + k) - g) * slope(z), dg = dh * (1 - z) * (1 - g * g);
    vf dr = dg * load(in[4] + k) * slope(r);
    store(out[0] + k, dz), store(out[1] + k, dr), store(out[2] + k, dg);
    store(out[3] + k, dz), store(out[4] + k, dr), store(out[5] + k, dg * r), store(out[6] + k, dh * z);
  }
}

// h, c, gates (rows, 4 units), tanh c; z (rows, 4 units), old c; rows, units
int kernel_lstm_cell(word *w, context *c) {
  (void)c;
  return by_rows(w, "114141", 4, lstm);
}

// dz (rows, 4 units), dc of the old c; dh, dc, gates (rows, 4 units), tanh of the new c, old c; rows, units
int kernel_lstm_cell_gradient(word *w, context *c) {
  (void)c;
  return by_rows(w, "4111411", 2, lstm_gradient);
}

// h, gates (rows, 4 units); x, s (rows, 3 units), old h; rows, units
int kernel_gru_cell(word *w, context *c) {
  (void)c;
  return by_rows(w, "14331", 2, gru);
}

// dx, ds (rows, 3 units), dh of the old h; dh, gates (rows, 4 units), old h; rows, units
int kernel_gru_cell_gradient(word *w, context *c) {
  (void)c;
  return by_rows(w, "331141", 3, gru_gradient);
}
