// A reader over the best transport that works here and now: the rules of `wirelanes watch -t auto`, in a browser.
//
//   learn         search                          read                        every so often, beside it
//   GET /poll ──▶ websocket ✗ sse ✗ longpoll ✓ ──▶ longpoll ────────────┬────▶ websocket ✗ sse ✓ ──▶ sse
//   newest: 41    each asked for what follows 40                        └ cut, or silent: search again
//
// A connection that opens proves nothing: a proxy that buffers opens it, and delivers nothing. A transport works if an
// event really arrived over it, in time. Each is asked for the position one before the place, so that the event at the
// place waits, and must come within P = 3T, T what the answer to the poll took. What came already is known by its id.
//
// The last winner is tried first, then the best; who works is read over, and those that are better are tried again
// beside it, after a pause of 10 s that doubles up to 10 min. The old one is left when the new one's event is there.
//
// What a browser does not show: heartbeats. So a stream on an empty log is taken at its opening; and that one has
// fallen silent it is told by who knows what the server sent, by `fellSilent`.

import { Ended } from "../client/ended.js";
import { now, sleep } from "../client/now.js";
import { Reader } from "../client/reader.js";
import { parseId, Stand } from "../client/stand.js";
import { Candidate } from "./candidate.js";
import { Memory } from "./memory.js";
import { Place } from "./place.js";
import { HEARTBEAT_S, RAREST_MS, slower, trial } from "./terms.js";

/** The better, the less a transport asks. */
const BEST_FIRST = ["websocket", "sse", "longpoll", "poll"];

export class Auto extends Reader {
  /** What it is read over, and what is being tried. */
  #current = null;
  #trying = null;
  /** Why each that failed did, in a word. */
  #failed = new Map();
  #justFailed = null;
  #took_ms = null;
  #memory;
  #base;
  #place;

  constructor(news, knows, best = BEST_FIRST) {
    super(news, knows);
    Object.assign(this, { knows, best });
  }

  /** Reads over the best that works; throws why none does, or why the one that did was cut. */
  async read() {
    // What was learnt of one way says nothing of another.
    if (this.#base !== this.options.base) [this.#base, this.#memory] = [this.options.base, new Memory(this.best)];
    try {
      await this.#learn();
      for (let current = await this.#search(); ; current = await this.#search()) {
        const ended = await this.#readOver(current);
        if (!ended.isSilent) throw ended;
      }
    } finally {
      this.#trying?.leave();
      this.#current?.leave();
      this.#trying = this.#current = this.say = null;
    }
  }

  async #learn() {
    if (this.hasPosition) return;
    this.#place = new Place(this.stand);
    const answer = await this.ask("/poll");
    if (answer.status >= 300) throw Ended.refused(answer);
    this.#took_ms = answer.at - answer.asked_at;
    this.standsAt(answer.n, answer.at, answer.position);
    this.#place.moved();
  }

  /** The first that works, in the order of what is remembered. */
  async #search() {
    const ends = [];
    for (const transport of this.#memory.order(now(), this.#justFailed)) {
      const candidate = this.#begin(transport, false);
      const ended = await this.#judge(candidate);
      if (!ended) return candidate;
      ends.push(ended);
    }
    this.#took_ms = slower(this.#took_ms);
    const after_ms = Math.max(...ends.map((ended) => ended.after_ms));
    throw ends.find((ended) => ended.isFinal) ?? Object.assign(ends.at(-1), { after_ms });
  }

  #begin(transport, isBeside) {
    const { options, signal, knows } = this;
    const waits = this.stand.hasSome;
    const isStream = transport === "websocket" || transport === "sse";
    const own = { hold_s: Math.min(options.hold_s, HEARTBEAT_S), ...(isStream && { also: { heartbeat: HEARTBEAT_S } }) };
    const terms = { options: { ...options, ...own }, stand: Stand.before(this.stand), waits, signal, knows };
    this.#trying = new Candidate(transport, terms, (candidate, news, more) => this.#hear(candidate, news, more));
    return Object.assign(this.#trying, { isBeside });
  }

  /** `null` where it works, and why where it does not; nothing where what it is tried beside was `over` before. */
  async #judge(candidate, ...over) {
    const ended = await Promise.race([candidate.judged(trial(this.#took_ms, candidate.waits)), ...over]);
    this.#trying = null;
    if (ended === null) return null;
    candidate.leave();
    this.signal.throwIfAborted();
    if (ended) this.#failed.set(candidate.transport, ended.word);
    return ended;
  }

  /** Reads over it, and over each better one that takes over; why the last of them ended. */
  async #readOver(candidate) {
    for (let next = candidate; next; next = await this.#stay(this.#current)) this.#choose(next);
    const { transport, begun, ended } = this.#current;
    const why = await ended;
    this.signal.throwIfAborted();
    const held_ms = now() - begun;
    if (why.isSilent) this.#memory.fellSilent(transport, held_ms);
    if (why.isSilent || !this.#memory.isTrusted(transport, held_ms)) this.#justFailed = transport;
    this.#failed.set(transport, why.word);
    this.#current = this.say = null;
    return why;
  }

  #choose(candidate) {
    const { transport, begun, proof, reader, n } = candidate;
    const at = now();
    if (proof !== "opening") this.#took_ms = at - begun;
    this.#memory.won(transport, at);
    this.#failed.delete(transport);
    this.#justFailed = null;
    const before = this.#current;
    this.#current = Object.assign(candidate, { isBeside: false });
    this.say = reader.say;
    this.news({ is: "chose", n, transport });
    this.reconnect.succeeded();
    this.news({ is: "connected" });
    before?.leave();
  }

  /** A better one that works, tried beside the one that is read over; `null` where that one ended. */
  async #stay(current) {
    const over = new AbortController();
    const isOver = current.ended.then(() => over.abort());
    while (!over.signal.aborted) {
      await sleep(Math.min(RAREST_MS, this.#memory.nextTry(current.transport) - now()), over.signal);
      for (const transport of this.#memory.better(current.transport, now())) {
        if (over.signal.aborted) break;
        const candidate = this.#begin(transport, true);
        const failed = await this.#judge(candidate, isOver);
        if (failed === null) return candidate;
        if (failed) this.#memory.failed(transport, now());
      }
    }
    return null;
  }

  #hear(candidate, news, more) {
    const { is } = news;
    if (is === "asked") candidate.n = news.n;
    if (is === "connected") return candidate.shows("opening");
    if (is === "event" || (is === "gap" && news.announced)) candidate.shows(is);
    if (is === "event") return this.#event(news, more);
    if (is === "gap") return news.announced && this.#gap(news);
    this.news(news, more, candidate.isBeside);
  }

  /** Once, and in order: what another transport brought is told as an overlap. */
  #event(news, message) {
    const id = parseId(news.id);
    const isOverlap = news.flag !== "doubled" && this.#place.overlaps(id);
    if (isOverlap) return this.news({ ...news, flag: "overlap" }, message);
    const { hole } = this.stand.take(id);
    if (hole) this.news({ is: "gap", n: news.n, at: news.at, ...hole, announced: false });
    this.#place.moved();
    this.news(news, message);
  }

  #gap(news) {
    const gap = this.#place.gap(news);
    if (!gap) return;
    this.stand.takeGap(gap);
    this.#place.moved();
    this.news({ ...news, ...gap });
  }

  giveUp(ended) {
    super.giveUp(ended);
    (this.#current ?? this.#trying)?.reader.giveUp(ended);
  }

  /** The server sent what has not come. */
  fellSilent(why) {
    this.#current?.reader.giveUp(Ended.silent(why));
  }

  /** `live over longpoll: websocket refused, sse silent`. */
  get words() {
    const [current, trying] = [this.#current?.transport, this.#trying?.transport];
    const better = current ? this.best.slice(0, this.best.indexOf(current)) : this.best.filter((name) => name !== trying);
    const why = better.filter((name) => this.#failed.has(name)).map((name) => `${name} ${this.#failed.get(name)}`);
    const because = why.length ? `: ${why.join(", ")}` : "";
    const live = `live over ${current}${because}${trying ? `; trying ${trying}` : ""}`;
    return { live, connecting: trying ? `trying ${trying}${because}` : "connecting" };
  }
}
