// One lane of the run: its state in words, what passed on it, what it counted.

import { Histogram } from "./histogram.js";
import { Passages } from "./passages.js";
import { Samples } from "./samples.js";
import { Totals } from "./totals.js";

const LEDGER = { requests: 0, empty_answers: 0, up: { http: 0, body: 0 }, down: { http: 0, body: 0 } };
const COUNTS = { received: 0, lost: 0, doubled: 0, reordered: 0, gaps: 0, announced: 0 };

/** An exact quantile needs so many samples that its 95% interval has two ends: 72 for p95, 368 for p99. */
const ENOUGH = { p95: 72, p99: 368 };

export class Lane {
  state = "off";
  text = "off";
  has_marks = false;
  is_stream = false;
  samples = new Samples();
  histogram = new Histogram();
  asked = 0;
  answers = 0;
  empty_answers = 0;
  /** Events that crossed the wire, and the bytes of their JSON: doubled and replayed ones, too. */
  delivered = 0;
  payload_bytes = 0;
  hollow = 0;
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
    this.#has_ledger = true;
    this.#ledger.set(ledger);
  }

  get counts() {
    return this.#counts.ofRun;
  }

  setCounts(counts) {
    this.#counts.set(counts);
  }

  restart() {
    this.histogram.clear();
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
      ...this.counts,
      bytes_per_event: this.#bytesPerEvent(),
    };
  }

  /** What the server counted, shared out; the envelope is all that follows a head and is no payload, both ways. */
  #bytesPerEvent() {
    const { ledger, delivered } = this;
    if (!ledger || delivered === 0) return { payload: null, envelope: null, http_down: null, http_up: null };
    const envelope = ledger.down.body + ledger.up.body - this.payload_bytes;
    return {
      payload: this.payload_bytes / delivered,
      // Below 0 the events are here and the server's count of them is still on its way.
      envelope: envelope < 0 ? null : envelope / delivered,
      http_down: ledger.down.http / delivered,
      http_up: ledger.up.http / delivered,
    };
  }
}
