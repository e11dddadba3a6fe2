// The latencies of the last 60 s, one after the other, in memory that is taken once.

/** 60 s of 200 events a second, 17 bytes each. */
const CAPACITY = 60 * 200;

export class Samples {
  #at = new Float64Array(CAPACITY);
  #us = new Float64Array(CAPACITY);
  #hollow = new Uint8Array(CAPACITY);
  /** How many there ever were: the newest is number `end - 1`. */
  end = 0;

  /** The oldest that is still here. */
  get begin() {
    return Math.max(0, this.end - CAPACITY);
  }

  push(at, us, isHollow) {
    const place = this.end % CAPACITY;
    this.#at[place] = at;
    this.#us[place] = us;
    this.#hollow[place] = isHollow ? 1 : 0;
    this.end += 1;
  }

  at(number) {
    return this.#at[number % CAPACITY];
  }

  us(number) {
    return this.#us[number % CAPACITY];
  }

  isHollow(number) {
    return this.#hollow[number % CAPACITY] === 1;
  }

  /** The first that arrived at `at` or later. */
  since(at) {
    let [low, high] = [this.begin, this.end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
