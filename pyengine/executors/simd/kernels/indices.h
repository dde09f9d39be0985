// Whole numbers that choose: reading them, whatever their type is, and checking that they are in range.
#pragma once
#include "pyengine.h"

enum { INT32, INT64, UINT8, UINT32 }; // the indices' type

INLINE int64_t index_at(const void *indices, int type, int64_t i) {
  switch (type) {
  case INT32: return ((const int32_t *)indices)[i];
  case INT64: return ((const int64_t *)indices)[i];
  case UINT8: return ((const uint8_t *)indices)[i];
  default: return ((const uint32_t *)indices)[i];
  }
}

static inline int in_range(const void *indices, int type, int64_t n, int64_t length) {
#define ALL_BELOW(integer)                                                                                             \
  for (int64_t i = 0; i < n; i++) wrong |= (uint64_t)((const integer *)indices)[i] >= (uint64_t)length
  int wrong = 0;
  switch (type) {
  case INT32: ALL_BELOW(int32_t); break;
  case INT64: ALL_BELOW(int64_t); break;
  case UINT8: ALL_BELOW(uint8_t); break;
  default: ALL_BELOW(uint32_t);
  }
  return !wrong;
}
