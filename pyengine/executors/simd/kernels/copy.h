// Short runs of bytes, for which memcpy's call would cost more than the copy; at any address, of any type.
#pragma once
#include "pyengine.h"

#define LONG_RUN 256 // bytes from which on memcpy is worth its call

// 16 bytes, whatever LANES is.
typedef int32_t four __attribute__((vector_size(16)));
typedef int32_t four_memory __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t u8_memory __attribute__((aligned(1), may_alias));
typedef uint32_t u4_memory __attribute__((aligned(1), may_alias));
typedef uint16_t u2_memory __attribute__((aligned(1), may_alias));
typedef uint8_t u1_memory __attribute__((aligned(1), may_alias));

INLINE void copy_run(char *out, const char *x, int64_t bytes) {
  if (bytes >= LONG_RUN) {
    memcpy(out, x, (size_t)bytes);
    return;
  }
  int64_t i = 0;
  for (; bytes - i >= 16; i += 16) *(four_memory *)(out + i) = *(const four_memory *)(x + i);
  if (bytes & 8) *(u8_memory *)(out + i) = *(const u8_memory *)(x + i), i += 8;
  if (bytes & 4) *(u4_memory *)(out + i) = *(const u4_memory *)(x + i), i += 4;
  for (; i < bytes; i++) out[i] = x[i];
}
