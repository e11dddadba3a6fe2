// One lane: a reader on one transport, or on whichever works, what the page is told of it, and its state in words.

import { Auto } from "../fallback/auto.js";
import { AUTO } from "../fallback/terms.js";
import { Ended } from "./ended.js";
import { now, sleep } from "./now.js";
import { isFull } from "./pool.js";
import { byteLength, Reader } from "./reader.js";
import { Request } from "./request.js";
import { stateOf } from "./state.js";
import { subscribe, TRANSPORTS } from "../transport/index.js";
import { tell } from "./outbox.js";

/** What a lane reads by. */
const READ = { ...TRANSPORTS, [AUTO]: (auto) => auto.read() };

export const LANES = Object.keys(READ);

/** What is over at the server is over here after so long on the way. */
const OVER_MS = 1000;

export class Lane {
  isOn = false;
  isConnected = false;
  request = null;
  heardControlAt = 0;
  #run = null;
  #ended = Promise.resolve();
  #wanted = "";
  #refusal = {};
  #told = "";

  /** Is told `onForeign(lane, at, message)`: neither an event nor a gap, and `onAnew(lane)`: the log began anew. */
  constructor(name, knows, { onForeign, onAnew }) {
    Object.assign(this, { name, onForeign, onAnew });
    const Reads = name === AUTO ? Auto : Reader;
    this.reader = new Reads((...news) => this.#news(...news), knows);
  }

  /** Begins anew where what is wanted of it changed: where it stood, or, on another topic or after it was off, now. */
  want(options, isOn) {
    const { base, topic, client, token, interval_ms, hold_s } = options;
    const own = { poll: interval_ms, longpoll: hold_s, [AUTO]: [interval_ms, hold_s] }[this.name];
    const wanted = JSON.stringify([isOn, base, topic, client, token, own]);
    const isOther = !isOn || topic !== this.reader.options.topic;
    this.reader.options = { ...options, ...(this.name === AUTO && { lane: AUTO }) };
    if (wanted === this.#wanted) return;
    this.stop();
    this.#wanted = wanted;
    if (isOther) this.#ended = this.#ended.then(() => this.reader.stand.forget());
    if (isOn) this.#start();
    this.tick();
  }

  #start() {
    const { signal } = (this.#run = new AbortController());
    this.isOn = true;
    this.#ended = this.#ended.then(() => subscribe(READ[this.name], this.reader, signal));
  }

  /** Closes all it has. Its position stays. */
  stop() {
    this.#run?.abort();
    this.isOn = this.isConnected = false;
    this.request = null;
    this.#wanted = "";
  }

  /** What is tried `isBeside` the request that is waited for is told, and else does not count. */
  #news(news, more, isBeside) {
    const { is, n, at } = news;
    if (is === "asked" && !isBeside) this.request = new Request(n, at, more, isPooled(news) && isFull(this.reader.options.base));
    if (is === "chose" && n !== this.request?.n) this.request = new Request(n, now(), true, false);
    const isOurs = n === this.request?.n;
    if (isOurs && (is === "answered" || is === "opened" || is === "event")) this.request.came(this.reader.stand);
    if (is === "connected") this.isConnected = true;
    if (is === "ended") this.#refused(this.#refusal);
    if (is === "failed" && isOurs) this.isConnected = false;
    if (is === "foreign") this.onForeign(this, at, more);
    else if (at) tell({ ...news, lane: this.name });
    if (is === "event" || is === "gap") tell({ is: "counts", lane: this.name, ...this.reader.stand.counts });
    if (is === "gap" && news.missed === null) this.onAnew(this);
    if (is !== "failed") this.tick();
  }

  /** Takes what the server says of the request under way. */
  mark(mark) {
    const { reader, request } = this;
    if (!request || mark.n !== request.n) return;
    const { retry_ms, refused } = request.mark(mark, reader.stand);
    // A request that is held works: its answer may be 60 s away, and after a cut its browser asks again unheard.
    if (mark.what === "held" && this.name !== AUTO) this.isConnected = true;
    if (retry_ms) reader.reconnect.retryAfter(retry_ms);
    if (refused) this.#refused((this.#refusal = { n: mark.n, ended: refused }));
    if (request.isClosed) this.#isOver(request, "the server has closed it", () => request.isClosed);
  }

  #refused({ n, ended }) {
    const { back } = this.reader;
    if (!back || n !== this.request?.n) return;
    this.reader.back = { ended, until: ended.isFinal ? Infinity : Math.max(back.until, now() + ended.after_ms) };
  }

  /** Another lane met a new life of the log: what is still asked of the old one is never answered. */
  anew(id) {
    const isOld = () => Number.isNaN(this.reader.stand.distanceTo(id));
    if (isOld()) this.#isOver(this.request, "the server began anew", isOld);
  }

  async #isOver(request, why, isSo) {
    await sleep(OVER_MS, this.#run?.signal);
    if (request && this.request === request && isSo()) this.reader.giveUp(new Ended(why));
  }

  /** The control topic brought something. Where it lost something, nothing is known of what was asked before. */
  heardControl(at, isComplete) {
    this.heardControlAt = at;
    if (!isComplete && this.request) this.request.isSeen = true;
  }

  /** Tells the state where it or its words changed. */
  tick() {
    const at = now();
    const [state, text] = stateOf(this, at);
    if (state === "silent") this.reader.fellSilent(text);
    if (this.#told === state + text) return;
    this.#told = state + text;
    tell({ is: "state", lane: this.name, at, state, text });
  }

  /** Says a text, where this lane can; whether it could. */
  say(text, shown) {
    const { reader, request } = this;
    if (!reader.say) return false;
    tell({ is: "said", lane: this.name, n: request.n, at: now(), bytes: byteLength(text), text: shown });
    reader.say(text);
    return true;
  }
}

/** WebSockets have a pool of their own. */
const isPooled = ({ url }) => new URL(url).pathname !== "/websocket";
