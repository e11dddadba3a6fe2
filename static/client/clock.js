// The server's clock, asked for with four stamps, two of each clock (RFC 5905, section 8).
//
//   server        receive 5,030 - transmit 5,050
//                /                              \
//   here     before 100                          after 180
//
// The offset is ((5,030 − 100) + (5,050 − 180)) / 2 = 4,900, give or take half the round trip of 60. Of the last 16 the
// one with the least round trip is believed: it met no queue.

import { askAside } from "./answer.js";
import { sleep } from "./now.js";
import { tell } from "./outbox.js";

const AT_START = 8;
const REMEMBERED = 16;
const EVERY_MS = 5000;

export class Clock {
  #best = null;
  #exchanges = [];
  #theirs = null;

  constructor(onAnswer) {
    this.onAnswer = onAnswer;
  }

  /** The server's time at an instant of ours, in microseconds; `-Infinity` until it is known. */
  serverTime = (at) => (this.#best ? at * 1000 + this.#best.offset_us : -Infinity);

  get round_trip_ms() {
    return this.#best && this.#best.round_trip_us / 1000;
  }

  async keepAsking(config, signal) {
    this.config = config;
    for (let asked = 1; !signal.aborted; asked += 1) {
      await this.ask();
      await sleep(asked < AT_START ? 20 : EVERY_MS, signal);
    }
  }

  async ask() {
    const { control, client } = this.config;
    const answer = await askAside(control, "time", { client });
    if (answer.status !== 200) return;
    this.#take(answer.asked_at * 1000, JSON.parse(answer.text), answer.at * 1000);
    this.onAnswer(answer.asked_at);
  }

  #take(before_us, { receive_us, transmit_us, monotonic_offset_us }, after_us) {
    // A server that began anew has set its clock anew.
    if (monotonic_offset_us !== this.#theirs) this.#exchanges = [];
    this.#theirs = monotonic_offset_us;
    // Our two stamps are cut to a step of the browser's clock.
    const round_trip_us = Math.max(0, after_us - before_us - (transmit_us - receive_us)) + STEP_US;
    const offset_us = (receive_us - before_us + (transmit_us - after_us)) / 2;
    this.#exchanges = [...this.#exchanges, { offset_us, round_trip_us }].slice(-REMEMBERED);
    this.#best = this.#exchanges.reduce((best, other) => (other.round_trip_us < best.round_trip_us ? other : best));
    tell({ is: "clock", at: after_us / 1000, error_us: this.#best.round_trip_us / 2, ...this.#best });
  }
}

/** 5 µs to 1 ms; coarser where a browser guards against fingerprinting. */
const STEP_US = 1000 * Math.min(...Array.from({ length: 5 }, step));

function step() {
  const before = performance.now();
  let after = before;
  while (after === before) after = performance.now();
  return after - before;
}
