// Runs a Program: one call into this file does as many of its calls, and steps, as there is time for.
#include "pyengine.h"

#define KERNEL(name) kernel kernel_##name;
#include "kernels.h"
#undef KERNEL

static kernel *const KERNELS[] = {
#define KERNEL(name) kernel_##name,
#include "kernels.h"
#undef KERNEL
};
static names kernel_names = {
#define KERNEL(name) #name,
#include "kernels.h"
#undef KERNEL
    NULL};

// The control block: one word each, so that Python writes them as an array of 64-bit numbers.
#define CONTROL(X)                                                                                           \
  X(position)    /* in and out: step · calls + call */                                                       \
  X(stop)        /* where to end */                                                                          \
  X(budget)      /* seconds from now; below 0: no limit */                                                   \
  X(calls)       /* how many a step has */                                                                   \
  X(index)       /* int64_t *: where each call's record begins */                                            \
  X(records)     /* word *: kernel, cost in nanoseconds, arguments … */                                      \
  X(workspace)   /* its address */                                                                           \
  X(workspace_bytes)                                                                                         \
  X(watched)     /* float *, or 0: to stop behind a step after which it is no finite number */               \
  X(interrupted) /* 1 + position of the call that said AGAIN, or 0 */
#define ANSWERS(X) X(REACHED) X(OUT_OF_TIME) X(WANTS_HOST) X(NOT_FINITE)

#define FIELD(name) word name;
#define VALUE(name) name,
#define NAME(name) #name,
typedef struct {
  CONTROL(FIELD)
} program;
enum { ANSWERS(VALUE) };
static names control_names = {CONTROL(NAME) NULL}, answer_names = {ANSWERS(NAME) NULL};

static const struct {
  const char *name, *const *names;
} LISTS[] = {
    {"kernel", kernel_names},   {"operation", operation_names}, {"load", load_names},   {"softmax", softmax_names},
    {"reduce", reduce_names},   {"strided", strided_names},     {"index", index_names},
    {"control", control_names}, {"answer", answer_names},
};

#ifdef __wasm__
extern double emscripten_get_now(void);
double now(void) { return emscripten_get_now() * 1e-3; }
#elif defined(_WIN32)
extern int QueryPerformanceCounter(int64_t *), QueryPerformanceFrequency(int64_t *);
double now(void) {
  int64_t count, frequency;
  QueryPerformanceCounter(&count), QueryPerformanceFrequency(&frequency);
  return (double)count / (double)frequency;
}
#else
#include <time.h>
double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#endif

EXPORT int pe_abi(void) { return PE_ABI; }
EXPORT int pe_lanes(void) { return LANES; }
EXPORT int pe_workspace(void) { return WORKSPACE; }
EXPORT const char *pe_list(int list) { // NULL behind the last
  return list < (int)(sizeof LISTS / sizeof *LISTS) ? LISTS[list].name : NULL;
}
EXPORT const char *pe_name(int list, int number) { return LISTS[list].names[number]; } // NULL behind the last

static int is_finite(float x) { return x - x == 0; }

int kernel_host(word *w, context *c) {
  (void)w, (void)c;
  return WRONG;
}

int run_record(word *record, context *c) {
  int answer = KERNELS[record[KERNEL_NUMBER].i](record + ARGUMENTS, c);
  c->resumed = 0;
  return answer;
}

EXPORT int pe_run(program *p) {
  const int64_t calls = p->calls.i, stop = p->stop.i, *index = p->index.p;
  word *records = p->records.p;
  const float *watched = p->watched.p;
  double budget = p->budget.f;
  context c = {p->workspace.p, p->workspace_bytes.i, p->position.i / calls, budget < 0 ? 0 : now() + budget,
               p->interrupted.i == p->position.i + 1};
  int64_t spent = 0, call = p->position.i % calls;
  while (p->position.i < stop) {
    word *record = records + index[call];
    int answer = run_record(record, &c);
    p->interrupted.i = answer == AGAIN ? p->position.i + 1 : 0;
    if (answer == AGAIN) return OUT_OF_TIME;
    if (answer == WRONG) return WANTS_HOST;
    p->position.i++;
    spent += record[COST].i;
    if (++call == calls) {
      call = 0, c.step++;
      if (watched && !is_finite(*watched)) return NOT_FINITE;
    }
    if (c.deadline > 0 && spent > GLANCE) {
      spent = 0;
      if (now() >= c.deadline) return p->position.i < stop ? OUT_OF_TIME : REACHED;
    }
  }
  return REACHED;
}
