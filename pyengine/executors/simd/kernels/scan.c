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

enum { ROUND, CALL, STATE, ROUNDS, LOOP, BEFORE, AFTER, PIECES };

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

enum { FRESH, BEGUN, WITHIN }; // the words have yet to move for this round; have moved; and its call said AGAIN

// Where it stands: round, call, state; rounds, loop, how many pieces are copied
// before the first round, how many after the last; those pieces (to, from, bytes)
int kernel_scan(word *w, context *c) {
  const loop *l = w[LOOP].p;
  word *records = l->records.p;
  const int64_t *index = l->index.p, calls = l->calls.i, rounds = w[ROUNDS].i;
  const piece *pieces = (const piece *)(w + PIECES);
  if (!c->resumed) {
    w[ROUND].i = w[CALL].i = 0, w[STATE].i = FRESH;
    copy(pieces, w[BEFORE].i);
  }
  int64_t spent = 0, round = w[ROUND].i, call = w[CALL].i, state = w[STATE].i;
  c->resumed = state == WITHIN;
  for (; round < rounds; round++) {
    if (state == FRESH) move_on(l, round);
    state = FRESH;
    for (; call < calls; call++) {
      word *record = records + index[call];
      if (c->deadline > 0 && spent > GLANCE) {
        spent = 0;
        if (now() >= c->deadline) {
          w[ROUND].i = round, w[CALL].i = call, w[STATE].i = BEGUN;
          return AGAIN;
        }
      }
      int answer = run_record(record, c);
      if (answer == AGAIN) w[ROUND].i = round, w[CALL].i = call, w[STATE].i = WITHIN;
      if (answer != DONE) return answer;
      spent += record[COST].i;
    }
    call = 0;
  }
  copy(pieces + w[BEFORE].i, w[AFTER].i);
  return DONE;
}
