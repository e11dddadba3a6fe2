// One lane: a reader on one transport, what is told of it, and its state in words.

import { Ended } from "./ended.js";
import { now, sleep } from "./now.js";
import { Reader } from "./reader.js";
import { Request } from "./request.js";
import { stateOf } from "./state.js";
import { subscribe } from "../transport/index.js";
import { tell } from "./outbox.js";

/** The news that the page is told as they are; the others are between a reader and its lane. */
const TOLD = new Set(["asked", "answered", "opened", "failed", "event", "gap"]);

/** A connection that the server closed is over here too, after so long on the way. */
const CLOSED_MS = 1000;

export class Lane {
  isOn = false;
  isConnected = false;
  request = null;
  heardControlAt = 0;
  #run = null;
  #wanted = "";
  #refusal = null;
  #told = "";

  /** `watcher`: serverTime, flagOf. `onForeign`: told what is neither an event nor a gap. */
  constructor(name, watcher, onForeign) {
    Object.assign(this, { name, onForeign, isPooled: name !== "websocket" });
    this.reader = new Reader({}, { news: (news) => this.#news(news), ...watcher });
  }

  get back() {
    return this.reader.back;
  }

  get origin() {
    return this.reader.options.base;
  }

  /** Does what is wanted of it; begins anew only where that changed. Another topic, or a lane that was off, starts with
   * what comes from now on; else it goes on where it stood. */
  want(options, isOn) {
    const { base, topic, client, interval_ms, hold_s } = options;
    const own = { poll: interval_ms, longpoll: hold_s }[this.name];
    const wanted = JSON.stringify([isOn, base, topic, client, own]);
    const before = this.reader.options;
    this.reader.options = options;
    if (wanted === this.#wanted) return;
    this.stop();
    this.#wanted = wanted;
    if (!isOn || topic !== before.topic) this.reader.stand.forget();
    if (isOn) this.#start();
    this.tick();
  }

  #start() {
    this.isOn = true;
    this.#run = new AbortController();
    subscribe(this.name, this.reader, this.#run.signal);
  }

  /** Closes all it has. Its position stays. */
  stop() {
    this.#run?.abort();
    this.#run = this.request = null;
    this.isOn = this.isConnected = false;
    this.#wanted = "";
  }

  #news({ isNamed, message, ...news }) {
    if (news.is === "foreign") return this.onForeign(this, news, message);
    if (TOLD.has(news.is)) tell({ ...news, lane: this.name });
    if (news.is === "event" || news.is === "gap") this.#count();
    this.#follow(news, isNamed);
    this.tick();
  }

  #count() {
    tell({ is: "counts", lane: this.name, ...this.reader.stand.counts });
  }

  #follow(news, isNamed) {
    if (news.is === "asked") this.request = new Request({ ...news, isNamed });
    else if (news.is === "answered") this.request = null;
    else if (news.is === "opened") this.request?.opened();
    else if (news.is === "event") this.request?.came(this.reader.stand);
    else if (news.is === "connected") this.isConnected = true;
    else if (news.is === "ended") this.#ended();
  }

  #ended() {
    this.isConnected = false;
    if (this.#refusal?.n === this.request?.n) this.#refused(this.#refusal?.ended);
  }

  /** What the marks say of the request under way: the browser hides why it was refused, and for how long. */
  mark(mark) {
    if (mark.n !== this.request?.n) return;
    const { retry_ms, refusal, isClosed } = this.request.mark(mark, this.reader.stand);
    if (retry_ms) this.reader.reconnect.retryAfter(retry_ms);
    if (refusal) this.#refusal = { n: mark.n, ended: refusal };
    if (refusal) this.#refused(refusal);
    if (isClosed) this.#closed(this.request);
  }

  #refused(ended) {
    if (!this.back || !ended) return;
    this.back.ended = ended;
    this.back.until = Math.max(this.back.until, now() + ended.after_ms);
  }

  async #closed(request) {
    await sleep(CLOSED_MS, this.#run.signal);
    if (this.request === request && !this.back) this.reader.giveUp(new Ended("the server has closed it"));
  }

  /** Something came on the control topic, or was lost there: then nothing is known of what was asked before. */
  heardControl(at, isComplete) {
    this.heardControlAt = at;
    if (!isComplete && this.request) this.request.isSeen = true;
  }

  /** Tells the state where it or its words changed. */
  tick() {
    const at = now();
    const [state, text] = stateOf(this, at);
    if (this.#told === state + text) return;
    this.#told = state + text;
    tell({ is: "state", lane: this.name, at, state, text });
  }

  /** Says a text where this transport lets a client speak and is open; whether it could. */
  say(text, shown = text) {
    if (!this.reader.say) return false;
    this.reader.say(text);
    tell({ is: "said", lane: this.name, n: this.request.n, at: now(), bytes: new TextEncoder().encode(text).length, text: shown });
    return true;
  }
}
