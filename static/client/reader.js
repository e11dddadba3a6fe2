// A subscriber's place in the feed, across all its connections: what a transport asks with, and whom it tells.
//
//   ask(path)                  one request, one answer           → connected(), took(), standsAt(), by batch.js
//   asks(path)                 a request without an end          → opened(), took(), and lasts() until it ends
//   findPosition()             for who sees no head
//
// Each throws when its connection is over; then the reader comes back when it is proper. What is doubled, lost or
// announced as missing is told, and never dropped.

import { enter } from "./pool.js";
import { fetchAnswer, nextNumber, PATIENCE_MS } from "./answer.js";
import { Ended } from "./ended.js";
import { now, sleep } from "./now.js";
import { Pace } from "./pace.js";
import { parseId, Stand } from "./stand.js";
import { Reconnect } from "./reconnect.js";
import { forEyes, withToken } from "./token.js";

/** A satellite's handshake and request take 1.2 s: a request has come to the server after so long. */
const UNDER_WAY_MS = 2000;

const utf8 = new TextEncoder();
export const byteLength = (text) => utf8.encode(text).length;

export class Reader {
  options = {};
  stand = new Stand();
  reconnect = new Reconnect();
  /** While it waits: why the last connection ended, and until when. */
  back = null;
  /** While it is open: what says a text, where the transport lets a client speak. */
  say = null;
  #isConnected = false;
  #asked_at = 0;
  /** Sent before this instant of the server, an event waited until we came back. */
  #replayed_before_us = -Infinity;
  #end = () => {};
  #leaveSeat = () => {};

  constructor(news, { serverTime = () => -Infinity, flagOf = () => "" } = {}) {
    Object.assign(this, { news, serverTime, flagOf });
  }

  begin(signal) {
    this.signal = signal;
    this.#isConnected = false;
    this.pacer = new Pace();
  }

  pace() {
    return this.pacer.wait(this.options.interval_ms, this.signal);
  }

  get hasPosition() {
    return this.stand.id !== null;
  }

  /** A request leaves. All is in its query: a header would cost a preflight, as a link is another origin. */
  asks(path, parameters = {}, isNamed = true) {
    this.signal.throwIfAborted();
    const { base, topic, client, token, lane, also } = this.options;
    const n = client ? nextNumber() : 0;
    const name = { client, n, ...(lane && { lane }) };
    const query = new URLSearchParams({ topic, ...(n && isNamed && name), ...also, ...parameters });
    if (this.hasPosition) query.set("last_event_id", this.stand.id);
    const bare = `${base}${path}?${query}`;
    const url = withToken(bare, token);
    if (path !== "/websocket") this.#leaveSeat = enter(url);
    this.#asked_at = now();
    this.news({ is: "asked", n, at: this.#asked_at, url: forEyes(bare, token) }, isNamed);
    return { n, url };
  }

  /** Asks, and reads the answer to its end. */
  async ask(path, parameters = {}, { held_s = 0, isNamed = true } = {}) {
    const { n, url } = this.asks(path, parameters, isNamed);
    const asked_at = this.#asked_at;
    const request = new AbortController();
    const forget = this.#endsBy((ended) => request.abort(ended));
    const patience_ms = 1000 * held_s + PATIENCE_MS;
    const timer = setTimeout(() => this.giveUp(Ended.late(patience_ms)), patience_ms);
    try {
      const answer = await fetchAnswer(url, { signal: request.signal });
      this.#leaveSeat();
      this.news({ is: "answered", n, at: answer.at, status: answer.status, bytes: answer.bytes });
      return { n, asked_at, ...answer };
    } catch (wrong) {
      const at = now();
      throw this.#failed(n, at, wrong instanceof Ended ? wrong : Ended.lost());
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  /** Asks where the feed is now, for who sees no head. Without a `client`: it would be booked with the polls. */
  async findPosition() {
    if (this.hasPosition) return;
    const answer = await this.ask("/poll", {}, { isNamed: false });
    if (answer.status >= 300) throw Ended.refused(answer);
    this.standsAt(answer.n, answer.at, answer.position);
  }

  opened(n, at) {
    this.news({ is: "opened", n, at });
    // A proxy may keep back the head of an answer whose events are under way.
    this.connected(Math.min(at, this.#asked_at + UNDER_WAY_MS));
  }

  /** Waits until an endless answer ends, by what `listen` is given; closes it, and throws why. */
  async lasts(n, close, listen) {
    let forget;
    try {
      await new Promise((_, end) => {
        const over = (ended) => {
          const at = now();
          if (this.#end === over) end(this.#failed(n, at, ended));
          forget();
        };
        forget = this.#endsBy(over);
        listen(over);
      });
    } finally {
      this.say = null;
      close();
    }
  }

  /** Calls `over` where what is asked now is given up, or the page closes it; returns what forgets it. */
  #endsBy(over) {
    const { signal } = this;
    const close = () => over(new Ended("closed by the page"));
    signal.addEventListener("abort", close);
    this.#end = over;
    return () => {
      signal.removeEventListener("abort", close);
      if (this.#end === over) this.#end = () => {};
    };
  }

  giveUp(ended) {
    this.#end(ended);
  }

  /** The server sent what has not come: one that knows no other way waits for it. */
  fellSilent() {}

  /** What it is, where all goes well. */
  get words() {
    return { live: "live", connecting: "connecting" };
  }

  #failed(n, at, ended) {
    this.#leaveSeat();
    this.news({ is: "failed", n, at, error: ended.message });
    return ended;
  }

  /** The server answers, since `at`. */
  connected(at) {
    this.reconnect.succeeded();
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#replayed_before_us = this.serverTime(at);
    this.news({ is: "connected" });
  }

  took(n, at, texts) {
    for (const json of texts) this.#take(n, at, json);
  }

  #take(n, at, json) {
    const message = parsed(json);
    if (message?.gap) return this.#takeGap(n, at, message.gap);
    const id = parseId(message?.id);
    if (!id) return this.news({ is: "foreign", at }, message);
    const { isDoubled, hole } = this.stand.take(id);
    this.#tellHole(n, at, hole);
    const { sent_us } = message;
    const flag = isDoubled ? "doubled" : this.flagOf(sent_us) || (sent_us < this.#replayed_before_us ? "replayed" : "");
    const bytes = byteLength(json);
    this.news({ is: "event", n, at, id: id.text, sequence: id.sequence, sent_us, bytes, json, flag }, message);
  }

  #takeGap(n, at, { after, resumes, missed }) {
    this.stand.takeGap({ resumes, missed });
    this.#replayed_before_us = this.serverTime(at);
    this.news({ is: "gap", n, at, after, resumes, missed, announced: true });
  }

  #tellHole(n, at, hole) {
    if (hole) this.news({ is: "gap", n, at, ...hole, announced: false });
  }

  standsAt(n, at, id) {
    this.#tellHole(n, at, this.stand.goesTo(id));
  }

  async comeBack(wrong) {
    const { signal } = this;
    if (signal.aborted) return;
    const ended = await this.#explain(Ended.of(wrong));
    const wait = ended.isFinal ? Infinity : this.reconnect.wait(this.options.reconnect, ended.after_ms);
    this.back = { ended, until: now() + wait };
    this.news({ is: "ended" });
    // In steps: a mark may tell of a `Retry-After` that EventSource and WebSocket hide.
    while (!signal.aborted && now() < this.back.until) await sleep(Math.min(100, this.back.until - now()), signal);
    this.back = null;
  }

  /** A browser hides why it got no stream: that a token is good no longer, any other request is told. */
  async #explain(ended) {
    const { base, token } = this.options;
    if (!ended.isUnseen || !token) return ended;
    try {
      const signal = AbortSignal.any([this.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const answer = await fetchAnswer(withToken(`${base}/control?`, token), { signal });
      return answer.status === 401 ? Ended.refused(answer) : ended;
    } catch {
      return ended;
    }
  }
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
