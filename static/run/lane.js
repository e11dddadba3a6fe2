// One lane of the run: its state in words, what passed on it, what it counted.

import { Booked } from "./booked.js";
import { Heads } from "./heads.js";
import { Histogram } from "./histogram.js";
import { Passages } from "./passages.js";
import { Samples } from "./samples.js";
import { Totals } from "./totals.js";

const LEDGER = { requests: 0, empty_answers: 0, up: { http: 0, body: 0 }, down: { http: 0, body: 0 } };
const COUNTS = { received: 0, lost: 0, doubled: 0, reordered: 0, gaps: 0, announced: 0 };

/** An exact quantile needs so many samples that its 95% interval has two ends: 72 for p95, 368 for p99. */
const ENOUGH = { p95: 72, p99: 368 };

/** Beyond this a mark, or an answer, is not on its way but lost. */
const LATE_MS = 5000;

export class Lane {
  state = "off";
  text = "off";
  has_marks = false;
  /** When marks came last, of whichever lane: what came later has its own still to come. */
  heard_at = -Infinity;
  is_stream = false;
  /** Whether its newest request is a stream of HTTP/2: a WebSocket may be a connection of its own all the same. */
  is_http2 = false;
  samples = new Samples();
  histogram = new Histogram();
  heads = new Heads();
  asked = 0;
  answers = 0;
  empty_answers = 0;
  /** Events that crossed the wire, and the bytes of their JSON: doubled and replayed ones, too. */
  delivered = 0;
  payload_bytes = 0;
  hollow = 0;
  booked = new Booked();
  /** What the server wrote, of answers without an end. */
  streams = new Set();
  /** The server has begun anew, and its ledger has not come yet. */
  #isAnew = false;
  #ledger = new Totals(LEDGER);
  #counts = new Totals(COUNTS);
  #has_ledger = false;

  constructor(name) {
    this.name = name;
    this.passages = new Passages(name);
  }

  get on() {
    return this.state !== "off";
  }

  /** As the server counted them, from the run's start; `null` as long as it said nothing. */
  get ledger() {
    return this.#has_ledger ? this.#ledger.ofRun : null;
  }

  setLedger(ledger) {
    const hasBegunAgain = this.#ledger.set(ledger, this.#isAnew);
    if (hasBegunAgain && !this.#isAnew) this.booked.begin();
    this.#isAnew = false;
    this.#has_ledger = true;
  }

  delivers(event) {
    this.delivered += 1;
    this.payload_bytes += event.bytes;
    // It took its last counts along.
    if (this.booked.delivers(event)) [this.#isAnew, this.#has_ledger] = [true, false];
  }

  /** The server counted bytes of a passage that belongs to the run before. */
  excuse({ http, body }) {
    this.#ledger.excuse({ down: { http, body } });
  }

  answered({ status }) {
    this.is_stream = false;
    // A refusal is neither empty nor full.
    if (status === 200 || status === 204) this.answers += 1;
    if (status === 204) this.empty_answers += 1;
  }

  get counts() {
    return this.#counts.ofRun;
  }

  setCounts(counts) {
    this.#counts.set(counts);
  }

  /** What one end counted before, and the other will after, is no part of this run. */
  restart(at) {
    this.#unsettled((passage) => (passage.is_early = true));
    for (const written of this.streams) written.restart();
    this.booked.begin(at);
    this.histogram.clear();
    this.heads = new Heads();
    this.#ledger.restart();
    this.#counts.restart();
    Object.assign(this, { asked: 0, answers: 0, empty_answers: 0, delivered: 0, payload_bytes: 0, hollow: 0 });
  }

  figures() {
    const { n } = this.histogram;
    const [p50_us, p95_us, p99_us] = this.histogram.quantiles([0.5, 0.95, 0.99]);
    return {
      n,
      p50_us,
      p95_us: n >= ENOUGH.p95 ? p95_us : null,
      p99_us: n >= ENOUGH.p99 ? p99_us : null,
      requests_per_event: this.delivered > 0 ? this.asked / this.delivered : null,
      empty_share: this.answers > 0 && !this.is_stream ? this.empty_answers / this.answers : null,
      hollow: this.hollow,
      ...this.counts,
      bytes_per_event: this.#bytesPerEvent(),
    };
  }

  /** What the server counted, shared out; the envelope is all that follows a head and is no payload, both ways. */
  #bytesPerEvent() {
    const { ledger } = this;
    const { here, flying } = this.#unsettled();
    const events = this.booked.events - here.events;
    if (!ledger || events <= 0) return { payload: null, envelope: null, http_down: null, http_up: null };
    const payload = this.booked.payload - here.payload;
    return {
      payload: payload / events,
      envelope: (ledger.down.body - flying.body + ledger.up.body - payload - this.booked.aside) / events,
      http_down: (ledger.down.http - flying.http) / events,
      http_up: ledger.up.http / events,
    };
  }

  /** What theory has an event come to: the envelope is predicted, and how many heads; given is what each weighs. */
  predictedBytes({ envelope_per_event: envelope, requests_per_event: request, empty_per_event: empty, full_per_event: full }) {
    const { payload, http_down, http_up } = this.#bytesPerEvent();
    if (payload === null || envelope === null) return null;
    if (this.is_stream) return [payload, envelope, http_down, http_up];
    const heads = [this.heads.weigh({ empty, full }), this.heads.weigh({ request })];
    return request === null || heads.some(Number.isNaN) ? null : [payload, envelope, ...heads];
  }

  /** What only one end has counted as yet: events that are `here` before their mark, bytes that are still `flying`. */
  #unsettled(see = () => {}) {
    const { passages } = this;
    const since = Math.max(this.booked.since, this.heard_at - LATE_MS);
    const found = { here: { payload: 0, events: 0 }, flying: { body: 0, http: 0 } };
    for (const written of this.streams) found.flying.body += written.waiting(since);
    for (let number = passages.end - 1; number >= passages.begin && passages.get(number).order >= since; number -= 1) {
      const passage = passages.get(number);
      const hasArrived = !Number.isNaN(passage.client_at);
      if (passage.is_up || passage.is_counted === hasArrived || passage.kind === "beat" || passage.kind === "closed") continue;
      const part = hasArrived ? found.here : found.flying;
      for (const key of Object.keys(part)) part[key] += passage[key];
      see(passage);
    }
    return found;
  }
}
