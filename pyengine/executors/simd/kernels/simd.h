// Vectors of floats, portable over WebAssembly, SSE, AVX and NEON: the compiler's vector extensions, nothing else.
//
// Strict builds use 4 lanes and separate multiplication and addition everywhere, so that every CPU and browser gives
// the same bits. Relaxed builds fuse the two where the machine can, and on the host take the widest vectors it has.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(PE_RELAXED) && defined(__AVX512F__)
#define LANES 16
#elif defined(PE_RELAXED) && defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

#define INLINE static inline __attribute__((always_inline, unused))

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
// The same in memory: no alignment beyond that of a single number, and allowed to see any type's bytes.
typedef float vf_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t vi_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t vu_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_memory *)p; }
INLINE void store(float *p, vf x) { *(vf_memory *)p = x; }
INLINE vi load_i(const int32_t *p) { return *(const vi_memory *)p; }
INLINE void store_i(int32_t *p, vi x) { *(vi_memory *)p = x; }

INLINE vf splat(float x) { return (vf){0} + x; }
INLINE vi splat_i(int32_t x) { return (vi){0} + x; }

// x · y + z: one rounding where the build is relaxed and the machine can, two otherwise.
INLINE vf madd(vf x, vf y, vf z) {
#if defined(PE_RELAXED) && defined(__wasm_relaxed_simd__)
  return __builtin_wasm_relaxed_madd_f32x4(x, y, z);
#else
  return x * y + z; // fused by -ffp-contract=fast in relaxed builds; strict ones forbid it
#endif
}

// Lane by lane: mask is all ones or all zeros, as comparisons give it.
INLINE vf choose(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
INLINE vi choose_i(vi mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }

INLINE vf to_float(vi x) { return __builtin_convertvector(x, vf); }

// The first n < LANES numbers, zeros behind them; and back.
INLINE vf load_some(const float *p, ptrdiff_t n) {
  float lanes[LANES] __attribute__((aligned(4 * LANES))) = {0};
  for (ptrdiff_t i = 0; i < n; i++) lanes[i] = p[i];
  return *(vf *)lanes;
}
INLINE void store_some(float *p, vf x, ptrdiff_t n) {
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = x;
  for (ptrdiff_t i = 0; i < n; i++) p[i] = lanes[i];
}

// The lanes' sum in one fixed order: halves onto halves.
INLINE float total(vf x) {
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = x;
  for (int half = LANES / 2; half; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}
