// Vectors of floats, portable over WebAssembly, SSE, AVX and NEON: the compiler's vector extensions, nothing else.
//
// On the host they are as wide as the CPU has them, in WebAssembly of 4 lanes. Strict builds give the same bits on
// every CPU and in every browser all the same: they multiply and add apart, and a file in which numbers of different
// lanes are summed says FOUR_LANES before it includes this: then it has 4 lanes everywhere. Relaxed builds fuse
// multiplication and addition where the machine can.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(FOUR_LANES) && !defined(PE_RELAXED)
#define LANES 4
#elif defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
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

INLINE vf splat(float x) { return x - (vf){0}; } // minus: x + 0 would turn -0 into 0, and cost an addition
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

// The first n ≤ LANES numbers, zeros behind them; and back. By halves: pieces of known length are single moves.
INLINE vf load_some(const float *p, ptrdiff_t n) {
  float lanes[LANES] __attribute__((aligned(4 * LANES))) = {0};
  ptrdiff_t i = 0;
  for (int piece = LANES; piece; piece /= 2)
    if (n & piece) __builtin_memcpy(lanes + i, p + i, (size_t)piece * sizeof(float)), i += piece;
  return *(vf *)lanes;
}
INLINE void store_some(float *p, vf x, ptrdiff_t n) {
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = x;
  ptrdiff_t i = 0;
  for (int piece = LANES; piece; piece /= 2)
    if (n & piece) __builtin_memcpy(p + i, lanes + i, (size_t)piece * sizeof(float)), i += piece;
}

// The lanes' sum in one fixed order: halves onto halves.
INLINE float total(vf x) {
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = x;
  for (int half = LANES / 2; half; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}
