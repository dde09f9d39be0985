// Numbers put elsewhere as they are: transpose, slice, pad, reverse, concatenate. An encoder says where as loops, each
// with a step in `out` and one in `x`, and has merged those that are one.
#include "copy.h"

enum { PIECES, PLANE };
names strided_names = {[PIECES] = "pieces", [PLANE] = "plane", NULL};

#define TILE 16 // a side of what is turned at a time: so many cache lines are held

// `count` pieces of `width` bytes.
static void pieces(char *out, const char *x, int64_t width, int64_t count, int64_t out_step, int64_t x_step) {
#define EACH(type)                                                                                                     \
  for (int64_t i = 0; i < count; i++, out += out_step, x += x_step) *(type *)out = *(const type *)x
  switch (width) {
  case 1: EACH(u1_memory); return;
  case 2: EACH(u2_memory); return;
  case 4: EACH(u4_memory); return;
  case 8: EACH(u8_memory); return;
  default:
    for (int64_t i = 0; i < count; i++, out += out_step, x += x_step) copy_run(out, x, width);
  }
#undef EACH
}

// out: rows of `columns` numbers, out_step apart  x: columns of `rows` numbers, x_step apart
#define TURN(type)                                                                                                     \
  for (int64_t r = 0; r < rows; r++)                                                                                   \
    for (int64_t k = 0; k < columns; k++)                                                                              \
  ((type *)(out + r * out_step))[k] = ((const type *)(x + k * x_step))[r]

INLINE void turn_scalars(char *out, const char *x, int64_t width, int64_t rows, int64_t columns, int64_t out_step,
                         int64_t x_step) {
  switch (width) {
  case 1: TURN(u1_memory); return;
  case 2: TURN(u2_memory); return;
  case 4: TURN(u4_memory); return;
  default: TURN(u8_memory);
  }
}

INLINE void turn_4_by_4(char *out, const char *x, int64_t out_step, int64_t x_step) {
  four a = *(const four_memory *)x, b = *(const four_memory *)(x + x_step);
  four c = *(const four_memory *)(x + 2 * x_step), d = *(const four_memory *)(x + 3 * x_step);
  four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(four_memory *)out = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(four_memory *)(out + out_step) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(four_memory *)(out + 2 * out_step) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
  *(four_memory *)(out + 3 * out_step) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

static void turn_tile(char *out, const char *x, int64_t width, int64_t rows, int64_t columns, int64_t out_step,
                      int64_t x_step) {
  int64_t by_4 = width == 4 ? rows & ~3ll : 0, k = 0;
  if (by_4)
    for (; columns - k >= 4; k += 4)
      for (int64_t r = 0; r < by_4; r += 4)
        turn_4_by_4(out + r * out_step + 4 * k, x + k * x_step + 4 * r, out_step, x_step);
  // What is left: rows below, and columns at the right.
  turn_scalars(out + k * width, x + k * x_step, width, by_4, columns - k, out_step, x_step);
  turn_scalars(out + by_4 * out_step, x + by_4 * width, width, rows - by_4, columns, out_step, x_step);
}

static void plane(char *out, const char *x, int64_t width, int64_t rows, int64_t columns, int64_t out_step,
                  int64_t x_step) {
  for (int64_t r = 0; r < rows; r += TILE)
    for (int64_t k = 0; k < columns; k += TILE)
      turn_tile(out + r * out_step + k * width, x + k * x_step + r * width, width, rows - r < TILE ? rows - r : TILE,
                columns - k < TILE ? columns - k : TILE, out_step, x_step);
}

#define MAX_LOOPS 8

// w: out, bytes of it to clear first, number of parts, and for each part: x, where to begin in it, where in out, width
// of a piece, PIECES or PLANE, number of loops, and for each loop: count, step in out, step in x; all of it in bytes.
int kernel_strided(word *w, context *c) {
  (void)c;
  int64_t parts = w[2].i;
  if (w[1].i) memset(w[0].p, 0, (size_t)w[1].i);
  for (word *part = w + 3; parts; parts--) {
    const char *x = (const char *)part[0].p + part[1].i;
    char *out = (char *)w[0].p + part[2].i;
    int64_t width = part[3].i, how = part[4].i, loops = part[5].i, index[MAX_LOOPS] = {0}, k;
    const word *loop = part + 6, *last = loop + 3 * (loops - 1);
    part += 6 + 3 * loops;
    do {
      if (how == PLANE)
        plane(out, x, width, last[-3].i, last[0].i, last[-2].i, last[2].i);
      else
        pieces(out, x, width, last[0].i, last[1].i, last[2].i);
      for (k = loops - (how == PLANE ? 3 : 2); k >= 0; k--) {
        out += loop[3 * k + 1].i, x += loop[3 * k + 2].i;
        if (++index[k] < loop[3 * k].i) break;
        out -= index[k] * loop[3 * k + 1].i, x -= index[k] * loop[3 * k + 2].i;
        index[k] = 0;
      }
    } while (k >= 0);
  }
  return DONE;
}
