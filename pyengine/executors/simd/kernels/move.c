// Kernels that move bytes as they are.
#include "pyengine.h"

// out, x, bytes
int kernel_copy(word *w, context *c) {
  (void)c;
  memmove(w[0].p, w[1].p, (size_t)w[2].i);
  return DONE;
}

#define BLOCK (1 << 18) // bytes copied between two looks at the clock

// The running step's rows of a data set, one behind the other; nothing where none is bound.
// out, source (or 0), order (int64_t *, or 0: as they lie), rows of those two, rows a batch, bytes a row, first row, how
// many rows have been copied (its own)
int kernel_batch(word *w, context *c) {
  char *out = w[0].p;
  const char *source = w[1].p;
  const int64_t *order = w[2].p, rows = w[3].i, batch = w[4].i, bytes = w[5].i, first = w[6].i + c->step * batch;
  const int64_t block = bytes < BLOCK ? BLOCK / (bytes + !bytes) : 1;
  if (!source) return DONE;
  if (first + batch > rows) return WRONG;
  for (int64_t i = c->resumed ? w[7].i : 0; i < batch;) {
    const int64_t end = batch - i < block ? batch : i + block;
    if (!order) memcpy(out + i * bytes, source + (first + i) * bytes, (size_t)((end - i) * bytes)), i = end;
    for (; i < end; i++) memcpy(out + i * bytes, source + order[first + i] * bytes, (size_t)bytes);
    if (i < batch && c->deadline > 0 && now() >= c->deadline) {
      w[7].i = i;
      return AGAIN;
    }
  }
  return DONE;
}
