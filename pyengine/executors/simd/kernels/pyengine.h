// What every kernel sees of the engine: a call's words, and the little there is around it.
#pragma once
#include "simd.h"

#define PE_ABI 5 // raise it when the meaning of a word changes: the Python side refuses another number

// One argument of a call: an array's address, a whole number or a float. 8 bytes in WebAssembly too.
typedef union {
  int64_t i;
  double f;
  void *p;
} word;

// What stands for the numbers 0, 1, … in a word, NULL behind the last: Python finds the numbers by these names.
typedef const char *const names[];
extern names operation_names, load_names, softmax_names, reduce_names, strided_names, index_names;

// What a kernel may use while it runs.
typedef struct {
  char *workspace;         // aligned to 64 bytes; nothing in it survives a call
  int64_t workspace_bytes; // at least WORKSPACE
  int64_t step;            // number of the running step, counted from the first of this pass over the data
  double deadline;         // in now()'s seconds; 0 for none
  int64_t resumed;         // whether the kernel that is called now said AGAIN when it was last called
} context;

#define WORKSPACE (1 << 20)

// What a kernel answers.
enum {
  DONE = 0,
  AGAIN = 1, // out of time in the middle; called again later with the same words, it goes on
  WRONG = 2, // an index out of range: the reference is asked to run the call, and says what is wrong
};

// `w`: the call's arguments, in the order in which its encoder in ../encode/ wrote them.
typedef int kernel(word *w, context *c);

// A record of words: which kernel, about how many nanoseconds it takes, its arguments.
enum { KERNEL_NUMBER, COST, ARGUMENTS };
#define GLANCE 20000 // nanoseconds of work between two looks at the clock, which takes about 200 in a browser

int run_record(word *record, context *c);

double now(void);

#define EXPORT __attribute__((visibility("default")))

extern void *memcpy(void *, const void *, size_t);
extern void *memset(void *, int, size_t);
extern void *memmove(void *, const void *, size_t);
