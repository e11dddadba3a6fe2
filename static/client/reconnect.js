// When to come back.
//
// First the server's own `retry:`, else a random half to one second; then random, up to twice as long each time,
// 20 s at most. Random, so that a crowd that was cut off at one instant does not come back at one. `fixed` is what
// everybody writes first, to be looked at: always 1 s, and all at once.

const LONGEST_S = 20;
const SHORTEST_S = 0.5;
const FIXED_MS = 1000;

/** A server that asks to stay away for longer is not taken at its word. */
const LONGEST_RETRY_MS = 3_600_000;

const between = (low_s, high_s) => 1000 * (low_s + Math.random() * (high_s - low_s));

export class Reconnect {
  #failures = 0;
  #retry_ms = null;

  /** An answer came: the next failure is a first one again. */
  succeeded() {
    this.#failures = 0;
  }

  /** The server told how long to wait before coming back. */
  retryAfter(ms) {
    this.#retry_ms = Math.min(ms, LONGEST_RETRY_MS);
  }

  /** How long to wait now, in milliseconds, and no less than `least_ms`. */
  wait(policy, least_ms) {
    const failures = this.#failures++;
    return Math.max(policy === "fixed" ? FIXED_MS : this.#spread(failures), Math.min(least_ms, LONGEST_RETRY_MS));
  }

  #spread(failures) {
    if (failures > 0) return between(SHORTEST_S, Math.min(LONGEST_S, 2 ** failures));
    return this.#retry_ms ?? between(SHORTEST_S, 1);
  }
}
