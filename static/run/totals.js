// Figures that only grow, as others count them, against where they stood when the run began.
//
//   base    { requests: 40, up: { http: 9000, … } }      when the run began
//   now     { requests: 52, up: { http: 11700, … } }     →  this run: 12 requests, 2,700 bytes

const combine = (one, other, how) =>
  Object.fromEntries(
    Object.entries(one).map(([key, value]) => [key, typeof value === "object" ? combine(value, other[key] ?? {}, how) : how(value, other[key] ?? 0)]),
  );

const isLess = (one, other) =>
  Object.keys(one).some((key) => (typeof one[key] === "object" ? isLess(one[key], other[key]) : one[key] < other[key]));

export class Totals {
  #now;
  #base;

  constructor(zero) {
    this.#now = zero;
    this.#base = zero;
  }

  /** What is counted now. Less than before: who counts has begun again (a server restarted), and so does this. */
  set(now, hasBegunAgain = false) {
    const next = combine(this.#now, now, (_, value) => value);
    const isAnew = hasBegunAgain || isLess(next, this.#now);
    if (isAnew) this.#base = combine(next, next, () => 0);
    this.#now = next;
    return isAnew;
  }

  restart() {
    this.#base = this.#now;
  }

  /** Counts that come now, and belong to what was before. */
  excuse(counts) {
    this.#base = combine(this.#base, counts, (base, more) => base + more);
  }

  get ofRun() {
    return combine(this.#now, this.#base, (now, base) => now - base);
  }
}
