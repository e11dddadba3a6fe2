// How fine this browser's clock is: 5 µs to 1 ms, as its makers chose. Nothing finer is recorded or drawn.

/** Changes of the clock that are looked at: at 1 ms each they take 5 ms. */
const CHANGES = 5;

/** The smallest change of `performance.now()`, in µs; never below 1. */
export function clockStep() {
  let smallest = Infinity;
  let before = performance.now();
  for (let seen = 0; seen < CHANGES; ) {
    const now = performance.now();
    if (now === before) continue;
    smallest = Math.min(smallest, now - before);
    before = now;
    seen += 1;
  }
  return Math.max(1, Math.round(1000 * smallest));
}
