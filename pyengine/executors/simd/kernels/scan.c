// Loops: a few records, run again and again, some of whose words move on with every round.
#include "pyengine.h"

typedef struct {
  word records, index, calls, moves, moving; // as in run.c; moves: three words each, and how many of them
} loop;

typedef struct {
  word to;    // word *: the one that moves
  word start; // what it is in the first round
  word step;  // what each further one adds
} move;

typedef struct {
  word to, from, bytes;
} piece;

enum { ROUND, CALL, BEGUN, ROUNDS, LOOP, BEFORE, AFTER, PIECES };

static void copy(const piece *one, int64_t count) {
  for (int64_t i = 0; i < count; i++) memmove(one[i].to.p, one[i].from.p, (size_t)one[i].bytes.i);
}

static void move_on(const loop *l, int64_t round) {
  const move *one = l->moves.p;
  for (int64_t i = 0; i < l->moving.i; i++) {
    int64_t *to = one[i].to.p;
    *to = round ? *to + one[i].step.i : one[i].start.i;
  }
}

// Where it stands: round, call, whether the words have moved for this round; rounds, loop, how many pieces are copied
// before the first round, how many after the last; those pieces (to, from, bytes)
int kernel_scan(word *w, context *c) {
  const loop *l = w[LOOP].p;
  word *records = l->records.p;
  const int64_t *index = l->index.p, calls = l->calls.i, rounds = w[ROUNDS].i;
  const piece *pieces = (const piece *)(w + PIECES);
  if (!c->resumed) {
    w[ROUND].i = w[CALL].i = w[BEGUN].i = 0;
    copy(pieces, w[BEFORE].i);
  }
  int64_t spent = 0, round = w[ROUND].i, call = w[CALL].i, begun = w[BEGUN].i;
  for (; round < rounds; round++) {
    if (!begun) move_on(l, round);
    begun = 0;
    for (; call < calls; call++) {
      word *record = records + index[call];
      if (c->deadline > 0 && spent > GLANCE) {
        spent = 0;
        if (now() >= c->deadline) {
          w[ROUND].i = round, w[CALL].i = call, w[BEGUN].i = 1;
          return AGAIN;
        }
      }
      int answer = run_record(record, c);
      if (answer == AGAIN) w[ROUND].i = round, w[CALL].i = call, w[BEGUN].i = 1;
      if (answer != DONE) return answer;
      spent += record[COST].i;
    }
    call = 0;
  }
  copy(pieces + w[BEFORE].i, w[AFTER].i);
  return DONE;
}
