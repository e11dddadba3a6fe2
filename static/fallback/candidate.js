// A transport at work: a reader of its own, on a connection of its own, that has to show that it works.

import { Ended } from "../client/ended.js";
import { now, sleep } from "../client/now.js";
import { Reader } from "../client/reader.js";
import { TRANSPORTS } from "../transport/index.js";

export class Candidate {
  begun = now();
  /** The number of its request. */
  n = 0;
  /** What showed that it works: an event, a gap, or, where nothing waits, that it opened. */
  proof = null;
  /** It comes to why it ended. */
  ended;
  #run = new AbortController();
  #proven = Promise.withResolvers();

  /** Tells `hear(candidate, news, more)`. It asks from `stand`; an event is sure to be there where one `waits`. */
  constructor(transport, { options, stand, waits, signal, knows }, hear) {
    Object.assign(this, { transport, waits });
    this.reader = new Reader((news, more) => hear(this, news, more), knows);
    Object.assign(this.reader, { options, stand });
    this.reader.begin(AbortSignal.any([signal, this.#run.signal]));
    this.ended = TRANSPORTS[transport](this.reader).catch((wrong) => Ended.of(wrong));
  }

  shows(proof) {
    if (this.waits && proof === "opening") return;
    this.proof ??= proof;
    this.#proven.resolve(null);
  }

  /** `null` once it works; else why it does not. */
  async judged(within_ms) {
    const timer = new AbortController();
    const what = this.waits ? "the event that waits did" : "an opening did";
    const late = sleep(within_ms, timer.signal).then(() => Ended.silent(`${what} not come in ${(within_ms / 1000).toFixed(1)} s`));
    const ended = await Promise.race([this.#proven.promise, this.ended, late]);
    timer.abort();
    return ended;
  }

  /** Closes what it has. */
  leave() {
    this.#run.abort();
  }
}
