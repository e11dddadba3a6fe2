// All that the page knows of this run: entries of the worker go in, what is drawn and exported comes out.
//
//   worker ─ entries ─▶ run.take ─▶ lanes: samples of 60 s, a histogram of the whole run, passages for the ladder
//                                   events: each with its arrivals on every lane
//                                   clock · server · control · bank
//
// Memory is bounded: a run of two hours takes as much as one of two minutes.

import { AUTO } from "../fallback/terms.js";
import { LANES } from "../chart/style.js";
import { Bank } from "./bank.js";
import { Events } from "./events.js";
import { Exchanges } from "./exchanges.js";
import { exported } from "./export.js";
import { Lane } from "./lane.js";
import { clockStep } from "./step.js";

export class Run {
  #all = new Map(Object.keys(LANES).filter((name) => name !== "(tcp)").map((name) => [name, new Lane(name)]));
  /** Those that are shown: all transports, and reading over whichever works where that is wanted. */
  lanes = this.#shown(false);
  clock = null;
  server = null;
  control = null;
  limit = null;
  unshown = 0;
  started_at = performance.timeOrigin + performance.now();
  step_us = clockStep();
  bank = new Bank();
  #events = new Events();
  #exchanges = new Exchanges(this.#all);

  #shown(withAuto) {
    return new Map([...this.#all].filter(([name]) => withAuto || name !== AUTO));
  }

  /** Whether the server's marks come: what is known by them alone is else not known. */
  get isHeard() {
    return this.control?.state === "live";
  }

  /** Whether other lanes are shown than before. */
  show(withAuto) {
    if (this.lanes.has(AUTO) === withAuto) return false;
    this.lanes = this.#shown(withAuto);
    return true;
  }

  take(entries) {
    for (const entry of entries) this.#take(entry);
  }

  #take(entry) {
    const lane = this.#all.get(entry.lane);
    // The time and what is published are no lane's.
    if (entry.lane && !lane) return;
    const passage = this.#exchanges.take(entry);
    const { is, at, state, text } = entry;
    if (is === "state") Object.assign(lane, { state, text });
    else if (is === "asked") lane.asked += 1;
    else if (is === "answered") lane.answered(entry);
    else if (is === "opened") lane.is_stream = true;
    else if (is === "event") this.#event(lane, entry, passage);
    else if (is === "counts") lane.setCounts(entry);
    else if (is === "said") lane.booked.says(entry, this.#exchanges.around(entry.n));
    else if (is === "published") lane.booked.wasAnswered(entry);
    else if (is === "marks") this.#marks(entry);
    else if (is === "clock") this.clock = { offset_us: entry.offset_us, error_us: entry.error_us };
    else if (is === "server") this.server = state;
    else if (is === "control") this.control = { transport: entry.transport, state, text };
    else if (is === "crowd") this.bank.crowd(entry);
    else if (is === "limit") this.limit = { at, text };
  }

  /** Whatever has a flag is hollow: drawn, and no part of any figure. */
  #event(lane, entry, passage) {
    // That it came before is known of it, and its bytes are the price of having asked for it again.
    if (entry.flag === "overlap") return;
    if (!passage?.is_early) lane.delivers(entry);
    if (entry.flag === "doubled") return;
    const latency_us = this.#latency(entry);
    const is_hollow = entry.flag !== "" || latency_us === null;
    this.#events.arrived(entry, latency_us, is_hollow, passage);
    if (passage) passage.is_hollow ||= is_hollow;
    if (is_hollow) lane.hollow += 1;
    else lane.histogram.record(latency_us);
    if (latency_us !== null) lane.samples.push(entry.at, latency_us, is_hollow);
  }

  /** No finer than this browser's clock; `null` before the clocks were compared. */
  #latency({ at, sent_us }) {
    if (!this.clock) return null;
    return Math.round((at * 1000 + this.clock.offset_us - sent_us) / this.step_us) * this.step_us;
  }

  #marks({ marks, unshown, ledgers }) {
    for (const mark of marks ?? []) {
      const at = this.clock ? this.browserMs(mark.at_us) : performance.timeOrigin + performance.now();
      const exchange = this.#exchanges.mark(mark, at);
      this.#all.get(mark.lane)?.heads.take(mark);
      if (exchange) this.bank.mark(exchange, mark);
    }
    for (const lane of this.#all.values()) lane.heard_at = performance.timeOrigin + performance.now();
    this.unshown += unshown ?? 0;
    for (const [name, ledger] of Object.entries(ledgers ?? {})) this.#all.get(name)?.setLedger(ledger);
  }

  /** An instant of the server on this browser's clock; `NaN` before the clocks were compared. */
  browserMs(us) {
    return this.clock ? (us - this.clock.offset_us) / 1000 : NaN;
  }

  serverUs(ms) {
    return 1000 * ms + (this.clock?.offset_us ?? 0);
  }

  /** All counts and histograms begin anew; what was drawn stays until it has moved out. */
  restart(at) {
    this.started_at = at;
    this.unshown = 0;
    for (const lane of this.#all.values()) lane.restart(at);
  }

  figures(lane) {
    return this.#all.get(lane).figures();
  }

  /** Bytes an event, by layer, that theory says a lane comes to; `null` where it says nothing, or nothing is given. */
  predictedBytes(lane, theory) {
    return theory ? this.#all.get(lane).predictedBytes(theory) : null;
  }

  /** The newest first. */
  events(limit) {
    return this.#events.newest(limit);
  }

  event(id) {
    return this.#events.get(id);
  }

  /** What passed on a lane's wire, in the order it was heard of. */
  exchanges(lane) {
    return this.#all.get(lane).passages;
  }

  exchange(n) {
    return this.#exchanges.get(n);
  }

  /** Requests without an end yet: held, streaming, or not arrived. */
  open() {
    return this.#exchanges.open();
  }

  export() {
    return exported(this);
  }
}
