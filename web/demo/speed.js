/** How fast training goes and how long it still takes; the time of a pause counts for nothing. */

const WINDOW_MILLISECONDS = 3000;

export class Speed {
  #active = 0;
  #resumed = performance.now();
  #running = true;
  #samples = 0;
  /** @type {{ at: number, samples: number }[]} */
  #marks = [{ at: 0, samples: 0 }];

  /** Milliseconds of training so far, pauses left out. */
  get elapsed() {
    return this.#active + (this.#running ? performance.now() - this.#resumed : 0);
  }

  /** @param {number} samples  seen in one more batch */
  add(samples) {
    this.#samples += samples;
    const at = this.elapsed;
    const last = this.#marks[this.#marks.length - 1];
    // A mark every 50 ms is enough; thousands of batches a second must not make thousands of marks.
    if (at - last.at >= 50) this.#marks.push({ at, samples: this.#samples });
    while (this.#marks.length > 2 && at - this.#marks[1].at > WINDOW_MILLISECONDS) this.#marks.shift();
  }

  /** After a break that was not training (the test at an epoch's end), only what follows counts. */
  restartWindow() {
    this.#marks = [{ at: this.elapsed, samples: this.#samples }];
  }

  get samplesPerSecond() {
    const first = this.#marks[0];
    const last = this.#marks[this.#marks.length - 1];
    return last.at > first.at ? ((last.samples - first.samples) / (last.at - first.at)) * 1000 : 0;
  }

  pause() {
    if (!this.#running) return;
    this.#active = this.elapsed;
    this.#running = false;
  }

  resume() {
    if (this.#running) return;
    this.#resumed = performance.now();
    this.#running = true;
  }
}
