// A subscriber's place in the feed, across all its connections: what a transport asks with, and whom it tells.
//
// It hands on every event with its stamp. What is doubled, lost or announced as missing it says so. A transport calls
//
//   ask(path)            one request, one answer                    → take() of batch.js
//   asks(path)           opens what has no end                      → opened(), took(), lasts()
//   findPosition()       for who sees no head
//
// and throws when its connection is over; then the reader waits as long as is proper.

import { enter } from "./pool.js";
import { fetchAnswer, whyNot } from "./answer.js";
import { Ended } from "./ended.js";
import { nextNumber } from "./numbers.js";
import { now, sleep } from "./now.js";
import { Pace } from "./pace.js";
import { parseId, Stand } from "./stand.js";
import { Reconnect } from "./reconnect.js";

/** An answer that is not there so long after it is due is given up. */
const PATIENCE_S = 10;

const utf8 = new TextEncoder();

export class Reader {
  stand = new Stand();
  reconnect = new Reconnect();
  back = null;
  /** Sent before this instant of the server, an event had to wait until we came back. */
  #replayed_before_us = 0;
  #isConnected = false;
  #endRequest = () => {};
  #freeSeat = () => {};

  /** `options`: base, topic, client, interval_ms, hold_s, reconnect. `news`: told what happens, in order. */
  constructor(options, { news, serverTime, flagOf = () => "" }) {
    Object.assign(this, { options, news, serverTime, flagOf });
  }

  begin(signal) {
    this.signal = signal;
    this.#isConnected = false;
    this.pacer = new Pace();
  }

  get hasPosition() {
    return this.stand.id !== null;
  }

  pace() {
    return this.pacer.wait(this.options.interval_ms, this.signal);
  }

  /** All is in the query: a header would cost a preflight, where the server is behind a link of another origin. */
  #url(path, parameters, n) {
    const { base, topic, client } = this.options;
    const query = new URLSearchParams({ topic, ...(n && { client, n }), ...parameters });
    if (this.hasPosition) query.set("last_event_id", this.stand.id);
    return `${base}${path}?${query}`;
  }

  /** A request leaves; its number and address. One without a `client` is in no ledger of the server, and makes no marks. */
  asks(path, parameters = {}, isNamed = true) {
    this.signal.throwIfAborted();
    const n = this.options.client ? nextNumber() : 0;
    const url = this.#url(path, parameters, isNamed && n);
    if (path !== "/websocket") this.#freeSeat = enter(url);
    this.news({ is: "asked", n, at: now(), url, isNamed });
    return { n, url };
  }

  /** Asks, and reads the answer to its end. */
  async ask(path, parameters = {}, { held_s = 0, isNamed = true } = {}) {
    const asked_at = now();
    const { n, url } = this.asks(path, parameters, isNamed);
    const patience_ms = 1000 * (held_s + PATIENCE_S);
    const request = new AbortController();
    const stop = this.#stopsBy((ended) => request.abort(ended));
    const timer = setTimeout(() => request.abort(Ended.late(patience_ms)), patience_ms);
    try {
      const answer = await fetchAnswer(url, { signal: request.signal });
      this.#freeSeat();
      this.news({ is: "answered", n, at: answer.at, status: answer.status, bytes: answer.bytes });
      return { n, asked_at, ...answer };
    } catch (wrong) {
      const at = now();
      throw this.#failed(n, at, whyNot(wrong));
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Where the feed is now, for who would lose what is published before its first event. It is of this lane, but in
   * the ledger of none: the server would book it with the polls. */
  async findPosition() {
    if (this.hasPosition) return;
    const answer = await this.ask("/poll", {}, { isNamed: false });
    if (answer.status >= 300) throw Ended.refused(answer);
    this.standsAt(answer.n, answer.at, answer.position);
  }

  /** An endless answer began. */
  opened(n, at) {
    this.news({ is: "opened", n, at });
    this.connected(at);
  }

  /** Waits until an endless answer ends, closes it, and throws why. */
  async lasts(n, close, arrange) {
    let stop = () => {};
    try {
      await new Promise((_, end) => {
        const over = (ended) => {
          const at = now();
          stop();
          end(this.#failed(n, at, ended));
        };
        stop = this.#stopsBy(over);
        arrange((ended) => this.#endRequest === over && over(ended));
      });
    } finally {
      this.speaksBy(null);
      close();
    }
  }

  /** Runs `over` once where this request is given up or the lane is switched off; returns what forgets it. */
  #stopsBy(over) {
    const left = () => over(new Ended("closed by the page"));
    this.signal.addEventListener("abort", left);
    this.#endRequest = over;
    return () => {
      this.signal.removeEventListener("abort", left);
      if (this.#endRequest === over) this.#endRequest = () => {};
    };
  }

  /** Ends what is asked now. */
  giveUp(ended) {
    this.#endRequest(ended);
  }

  #failed(n, at, ended) {
    this.#freeSeat();
    this.news({ is: "failed", n, at, error: ended.message });
    return ended;
  }

  /** The server has answered what was asked at `at`. */
  connected(at) {
    this.reconnect.succeeded();
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#replayed_before_us = this.serverTime(at);
    this.news({ is: "connected", at });
  }

  /** Takes messages that came at one instant. */
  took(n, at, texts) {
    for (const json of texts) this.#take(n, at, json);
  }

  #take(n, at, json) {
    const message = parse(json);
    if (message?.gap) return this.#takeGap(n, at, message.gap);
    const id = parseId(message?.id);
    if (!id) return this.news({ is: "foreign", n, at, message });
    const { doubled, hole } = this.stand.take(message.id, id);
    if (hole) this.news({ is: "gap", n, at, ...hole, announced: false });
    const sent_us = message.sent_us;
    const flag = doubled ? "doubled" : this.flagOf(sent_us) || (sent_us < this.#replayed_before_us ? "replayed" : "");
    const bytes = utf8.encode(json).length;
    this.news({ is: "event", n, at, id: message.id, sequence: id.sequence, sent_us, bytes, json, flag, message });
  }

  #takeGap(n, at, { after, resumes, missed }) {
    this.stand.tookGap({ resumes, missed });
    this.#replayed_before_us = this.serverTime(at);
    this.news({ is: "gap", n, at, after, resumes, missed, announced: true });
  }

  /** The server told where this reader stands. */
  standsAt(n, at, id) {
    const hole = this.stand.goesTo(id);
    if (hole) this.news({ is: "gap", n, at, ...hole, announced: false });
  }

  /** What says a text on this connection, while it lasts. */
  speaksBy(say) {
    this.say = say;
  }

  /** Waits as long as is proper after such an end. */
  async comeBack(wrong) {
    if (this.signal.aborted) return;
    const ended = wrong instanceof Ended ? wrong : Ended.unreadable(wrong.message);
    this.back = { ended, until: now() + this.reconnect.wait(this.options.reconnect, ended.after_ms) };
    this.news({ is: "ended" });
    // In steps: a mark may tell of a `Retry-After` that the browser hid.
    while (!this.signal.aborted && now() < this.back.until) await sleep(Math.min(100, this.back.until - now()), this.signal);
    this.back = null;
  }
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
