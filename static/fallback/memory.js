// What is remembered of each transport: who won last, and when to try again who failed.

import { AGAIN_MS, RAREST_MS } from "./terms.js";

export class Memory {
  #winner = null;
  /** Of each: the pause after its last failure, when it may be tried again, whether it was cut before it had held. */
  #records = new Map();

  /** Of these transports, the best first. */
  constructor(best) {
    this.best = best;
  }

  /** In which order to try: the last winner; the others, best first; those whose pause is not over; who just failed. */
  order(at, justFailed) {
    const rank = (name) => [name === justFailed, name !== this.#winner, this.#of(name).not_before > at].map(Number).join("");
    return this.best.toSorted((one, other) => rank(one) - rank(other));
  }

  /** It works; all that are better failed. Its own pause stays, until it has held for as long. */
  won(winner, at) {
    this.#winner = winner;
    this.#set(winner, { not_before: -Infinity });
    for (const better of this.#betterThan(winner)) if (this.#of(better).not_before <= at) this.failed(better, at);
  }

  /** It failed, and another one works. */
  failed(name, at) {
    const { pause } = this.#of(name);
    const next = pause === null ? AGAIN_MS : Math.min(RAREST_MS, 2 * pause);
    this.#set(name, { pause: next, not_before: at + next });
  }

  /** It was cut after it had worked for so long: whether it is trusted, as it held or it is the first time. */
  isTrusted(name, held_ms) {
    const { pause, wasCut } = this.#of(name);
    const hasHeld = held_ms >= (pause ?? AGAIN_MS);
    if (hasHeld) this.#records.delete(name);
    else this.#set(name, { wasCut: true });
    return hasHeld || (pause === null && !wasCut);
  }

  /** It fell silent after it had worked for so long: its next pause is twice its last, unless that is long ago. */
  fellSilent(name, held_ms) {
    if (held_ms >= RAREST_MS) this.#records.delete(name);
  }

  /** Those better than this one whose pause is over, the best first. */
  better(than, at) {
    return this.#betterThan(than).filter((name) => this.#of(name).not_before <= at);
  }

  /** When the first of those better than this one is due; never where there is none. */
  nextTry(than) {
    return Math.min(...this.#betterThan(than).map((name) => this.#of(name).not_before));
  }

  #betterThan(name) {
    return this.best.slice(0, this.best.indexOf(name));
  }

  #of(name) {
    return this.#records.get(name) ?? { pause: null, not_before: -Infinity, wasCut: false };
  }

  #set(name, part) {
    this.#records.set(name, { ...this.#of(name), ...part });
  }
}
