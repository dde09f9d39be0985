// The most that one core can multiply and add: registers alone, enough chains that none waits for the one before.
#include "simd.h"

#define EXPORT __attribute__((visibility("default")))
#define CHAINS 12

EXPORT double peak_operations(void) { return 2.0 * CHAINS * LANES; } // of one round

EXPORT double peak_run(double rounds, double x, double y) {
  vf chain[CHAINS];
  for (int i = 0; i < CHAINS; i++) chain[i] = splat((float)i);
  vf vx = splat((float)x), vy = splat((float)y);
  for (int64_t round = 0; round < (int64_t)rounds; round++)
    for (int i = 0; i < CHAINS; i++) chain[i] = madd(chain[i], vx, vy);
  for (int i = 1; i < CHAINS; i++) chain[0] += chain[i];
  return total(chain[0]);
}
