// Every latency of a run, in buckets whose width grows with the value, as in an HdrHistogram.
//
//   1, 2, 3 … 255 µs     a bucket each
//   256, 258, 260 …      128 buckets from each power of two to the next: a bucket is 1/128 of its value at most,
//                        its middle errs by 0.4 %
//
// 40 powers of two reach beyond 12 days. 4,352 counters of 4 bytes, whether they count ten events or a million.

const EACH = 128;
const LARGEST = 2 ** 40 - 1;
const BUCKETS = EACH * (40 - 7 + 1);

export class Histogram {
  #counts = new Uint32Array(BUCKETS);
  n = 0;
  sum_us = 0;

  record(us) {
    this.#counts[bucketOf(us)] += 1;
    this.n += 1;
    this.sum_us += us;
  }

  clear() {
    this.#counts.fill(0);
    this.n = 0;
    this.sum_us = 0;
  }

  /** For each share, ascending, the smallest value that at least so many of all do not exceed; `null` of nothing. */
  quantiles(shares) {
    const found = [];
    let below = 0;
    for (let at = 0; at < BUCKETS && found.length < shares.length; at += 1) {
      below += this.#counts[at];
      while (below > 0 && found.length < shares.length && below >= shares[found.length] * this.n) found.push(middleOf(at));
    }
    return shares.map((_, index) => found[index] ?? null);
  }

  /** What was counted: `[µs, times]` of each bucket that has any. */
  buckets() {
    return Array.from(this.#counts, (count, at) => [middleOf(at), count]).filter(([, count]) => count > 0);
  }
}

/** A latency below 0 is the clock's error: it counts as none. */
function bucketOf(us) {
  const value = Math.min(LARGEST, Math.max(0, Math.round(us)));
  if (value < 2 * EACH) return value;
  const power = Math.floor(Math.log2(value)) - 7;
  return power * EACH + Math.floor(value / 2 ** power);
}

function middleOf(at) {
  if (at < 2 * EACH) return at;
  const power = Math.floor(at / EACH) - 1;
  return (at - power * EACH + 0.5) * 2 ** power;
}
