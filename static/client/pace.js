// When the next poll follows: at every multiple of the interval, from a random phase on. One that an answer was too
// late for is skipped.

import { now, sleep } from "./now.js";

export class Pace {
  #next = null;

  async wait(interval_ms, signal) {
    const at = now();
    this.#next ??= at + Math.random() * interval_ms;
    const overrun = Math.max(0, Math.ceil((at - this.#next) / interval_ms));
    const next = this.#next + overrun * interval_ms;
    this.#next = next + interval_ms;
    await sleep(next - at, signal);
  }
}
