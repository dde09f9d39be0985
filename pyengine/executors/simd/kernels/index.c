// Numbers chosen by whole numbers. A call checks every index before it writes anything: if one is out of range the answer
// is WRONG, and the reference runs the call and says which. It may be one round of many: then those before have written.
#include "copy.h"
#include "indices.h"

names index_names = {[INT32] = "int32", [INT64] = "int64", [UINT8] = "uint8", [UINT32] = "uint32", NULL};

// out: (outer, n, inner)  x: (outer, length, inner)  w: out, x, indices, their type, outer, length, n, bytes of `inner`
int kernel_gather(word *w, context *c) {
  (void)c;
  char *out = w[0].p;
  const char *x = w[1].p;
  const void *indices = w[2].p;
  int type = (int)w[3].i;
  int64_t outer = w[4].i, length = w[5].i, n = w[6].i, bytes = w[7].i;
  if (!in_range(indices, type, n, length)) return WRONG;
  for (int64_t o = 0; o < outer; o++, x += length * bytes, out += n * bytes)
    if (bytes == 4)
      for (int64_t i = 0; i < n; i++) ((u4_memory *)out)[i] = ((const u4_memory *)x)[index_at(indices, type, i)];
    else
      for (int64_t i = 0; i < n; i++) copy_run(out + i * bytes, x + index_at(indices, type, i) * bytes, bytes);
  return DONE;
}

INLINE void add_row(float *out, const float *x, int64_t n) {
  int64_t j = 0;
  for (; n - j >= LANES; j += LANES) store(out + j, load(out + j) + load(x + j));
  for (; j < n; j++) out[j] += x[j];
}

INLINE void add_whole_row(uint32_t *out, const uint32_t *x, int64_t n) {
  for (int64_t j = 0; j < n; j++) out[j] += x[j];
}

// In the order of the updates.
// out: (outer, length, inner)  x: (outer, n, inner)
// w: out, x, indices, type, outer, length, n, inner, whether floats, whether to add to what is in `out`
int kernel_scatter_add(word *w, context *c) {
  (void)c;
  const void *indices = w[2].p;
  int type = (int)w[3].i, floats = w[8].i != 0;
  int64_t outer = w[4].i, length = w[5].i, n = w[6].i, inner = w[7].i;
  char *out = w[0].p;
  const char *x = w[1].p;
  if (!in_range(indices, type, n, length)) return WRONG;
  if (!w[9].i) memset(out, 0, (size_t)(outer * length * inner * 4));
  for (int64_t o = 0; o < outer; o++, out += length * inner * 4)
    for (int64_t i = 0; i < n; i++, x += inner * 4) {
      char *row = out + index_at(indices, type, i) * inner * 4;
      if (floats)
        add_row((float *)row, (const float *)x, inner);
      else
        add_whole_row((uint32_t *)row, (const uint32_t *)x, inner);
    }
  return DONE;
}

// For each place (o, i, j) of the indices: out[o, i, j] = x[o, index, j].
// w: out, x, indices, type, outer, length, n, inner, bytes of a number
int kernel_take_along(word *w, context *c) {
  (void)c;
  const void *indices = w[2].p;
  int type = (int)w[3].i;
  int64_t outer = w[4].i, length = w[5].i, n = w[6].i, inner = w[7].i, place = 0;
  if (!in_range(indices, type, outer * n * inner, length)) return WRONG;
#define TAKE(integer)                                                                                                  \
  for (int64_t o = 0; o < outer; o++)                                                                                  \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      for (int64_t j = 0; j < inner; j++, place++)                                                                     \
  ((integer *)w[0].p)[place] = ((const integer *)w[1].p)[(o * length + index_at(indices, type, place)) * inner + j]
  switch (w[8].i) {
  case 1: TAKE(u1_memory); break;
  case 4: TAKE(u4_memory); break;
  default: TAKE(u8_memory);
  }
  return DONE;
}

// … and out[o, index, j] += x[o, i, j], in the order of the updates; the rest is 0.
// w: out, x, indices, type, outer, length, n, inner, whether floats, whether to add to what is in `out`
int kernel_add_along(word *w, context *c) {
  (void)c;
  const void *indices = w[2].p;
  int type = (int)w[3].i, floats = w[8].i != 0;
  int64_t outer = w[4].i, length = w[5].i, n = w[6].i, inner = w[7].i, place = 0;
  if (!in_range(indices, type, outer * n * inner, length)) return WRONG;
  if (!w[9].i) memset(w[0].p, 0, (size_t)(outer * length * inner * 4));
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < inner; j++, place++) {
        int64_t to = (o * length + index_at(indices, type, place)) * inner + j;
        if (floats)
          ((float *)w[0].p)[to] += ((const float *)w[1].p)[place];
        else
          ((uint32_t *)w[0].p)[to] += ((const uint32_t *)w[1].p)[place];
      }
  return DONE;
}

// w: out, indices, type, n, depth, bytes of a number, the bytes of a one
int kernel_one_hot(word *w, context *c) {
  (void)c;
  char *out = w[0].p;
  int64_t n = w[3].i, depth = w[4].i, width = w[5].i;
  memset(out, 0, (size_t)(n * depth * width));
  for (int64_t i = 0; i < n; i++) {
    int64_t index = index_at(w[1].p, (int)w[2].i, i), place = i * depth + index;
    if (index < 0 || index >= depth) continue; // zeros then
    switch (width) {
    case 1: ((u1_memory *)out)[place] = (uint8_t)w[6].i; break;
    case 4: ((u4_memory *)out)[place] = (uint32_t)w[6].i; break;
    default: ((u8_memory *)out)[place] = (uint64_t)w[6].i;
    }
  }
  return DONE;
}
