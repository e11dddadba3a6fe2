// The server's clock, asked for with four stamps, two of each clock (RFC 5905, section 8).
//
//   server        receive 5,030 ─── transmit 5,050        its clock
//                ↗                               ↘
//   here     before 100                           after 180  ours
//
// The offset is ((5,030 − 100) + (5,050 − 180)) / 2 = 4,900, give or take half the round trip of 60. Of the last 16 the
// one with the least round trip is believed: it met no queue.

import { enter } from "./pool.js";
import { fetchAnswer } from "./answer.js";
import { nextNumber } from "./numbers.js";
import { now, sleep } from "./now.js";
import { tell } from "./outbox.js";

const AT_START = 8;
const REMEMBERED = 16;
const EVERY_MS = 5000;
const PATIENCE_MS = 10_000;

export class Clock {
  best = null;
  #exchanges = [];
  #theirs = null;

  /** `onAnswer(asked_at)`: told of each answer, as its request makes a mark. */
  constructor(onAnswer) {
    this.onAnswer = onAnswer;
  }

  /** The server's time at an instant of ours, in microseconds; `-Infinity` until it is known. */
  serverTime = (at) => (this.best ? at * 1000 + this.best.offset_us : -Infinity);

  async keepAsking(config, signal) {
    this.config = config;
    for (let asked = 0; !signal.aborted; asked += 1) {
      await this.ask(signal);
      await sleep(asked < AT_START ? 20 : EVERY_MS, signal);
    }
  }

  /** One exchange; whether it was answered. */
  async ask(signal) {
    const n = nextNumber();
    const { control, client } = this.config;
    const url = `${control}/time?${new URLSearchParams({ client, n })}`;
    const leave = enter(url);
    const before = now();
    tell({ is: "asked", lane: "time", n, at: before, url });
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      const answer = await fetchAnswer(url, { signal: patience });
      tell({ is: "answered", lane: "time", n, at: answer.at, status: answer.status, bytes: answer.bytes });
      this.#take(before * 1000, JSON.parse(answer.text), answer.at * 1000);
      this.onAnswer(before);
    } catch {
      tell({ is: "failed", lane: "time", n, at: now(), error: "no time from the server" });
    } finally {
      leave();
    }
  }

  #take(before_us, { receive_us, transmit_us, monotonic_offset_us }, after_us) {
    // A server that began anew has set its clock anew.
    if (monotonic_offset_us !== this.#theirs) this.#exchanges = [];
    this.#theirs = monotonic_offset_us;
    // Both our stamps are cut to a step of the browser's clock.
    const round_trip_us = Math.max(0, after_us - before_us - (transmit_us - receive_us)) + STEP_US;
    const offset_us = (receive_us - before_us + (transmit_us - after_us)) / 2;
    this.#exchanges = [...this.#exchanges, { offset_us, round_trip_us }].slice(-REMEMBERED);
    this.best = this.#exchanges.reduce((best, other) => (other.round_trip_us < best.round_trip_us ? other : best));
    const { best } = this;
    tell({ is: "clock", at: after_us / 1000, offset_us: best.offset_us, error_us: best.round_trip_us / 2, round_trip_us: best.round_trip_us });
  }
}

/** The step of this browser's clock: 5 µs to 1 ms, coarser where it guards against fingerprinting. */
const STEP_US = step() * 1000;

function step() {
  let least = Infinity;
  for (let rounds = 0; rounds < 5; rounds += 1) {
    const before = performance.now();
    let after = before;
    while (after === before) after = performance.now();
    least = Math.min(least, after - before);
  }
  return least;
}
