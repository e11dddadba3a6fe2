// Requests and what came of them: what the worker saw and what the server marked, joined by the request's number.
//
//   worker   asked 17                                     answered 17 · event …
//   server        arrived 17 · held 17 · answered 17                              (100 ms later, on the control topic)

import { BARE, Data, HEAD } from "./data.js";
import { bytesOf, eventIn, frameSize, framesIn, framingOf, latin } from "./frames.js";

/** Requests that have ended and may still get marks: the server's come within some 100 ms. */
const ENDED = 256;

const isData = (frame) => frame.opcode === 1 || frame.opcode === 2;

export class Exchanges {
  /** Number of the request → the request. What is over leaves, so it stays small. */
  #open = new Map();
  #ended = [];
  #lanes;

  constructor(lanes) {
    this.#lanes = lanes;
  }

  get(n) {
    return this.#open.get(n);
  }

  /** What HTTP/2 puts around each frame of a request's stream. */
  around(n) {
    return this.get(n)?.is_http2 ? HEAD : 0;
  }

  /** Those that have not ended. */
  *open() {
    for (const exchange of this.#open.values()) if (!exchange.has_ended) yield exchange;
  }

  /** What the worker saw; returns what brought an event, `null` where its request is not known. */
  take(entry) {
    if (entry.is === "asked") this.#asked(entry);
    const exchange = this.get(entry.n);
    if (!exchange) return null;
    switch (entry.is) {
      case "answered":
        return this.#answered(exchange, entry);
      case "opened":
        return this.#opened(exchange, entry);
      case "event":
        return this.#event(exchange, entry);
      case "said":
        return this.#said(exchange, entry);
      case "gap":
        return this.#seen(exchange, "gap", entry, entry.missed === null ? "gap" : `gap ${entry.missed}`);
      case "failed":
        this.#seen(exchange, "failure", entry, entry.error);
        return this.#end(exchange);
    }
    return null;
  }

  #asked({ lane, n, at, url }) {
    const passages = this.#lanes.get(lane).passages;
    const { origin, transport } = placeOf(url);
    const request = passages.of({ n, transport }, "request", `${n} up`, at);
    Object.assign(request, { client_at: at, url });
    this.#open.set(n, {
      n, lane, transport, origin, passages, request, answer: null, asked_at: at, connection: null, is_stream: false, is_http2: false,
      held_us: NaN, has_ended: false, rest: 0, said: [], spoken: 0, heard: 0, wrote: 0,
      framing: framingOf(transport, false), up: BARE, down: BARE, around: 0, last: null,
    });
  }

  #answer(exchange, at) {
    exchange.answer ??= exchange.passages.of(exchange, "answer", `${exchange.n} down`, at);
    return exchange.answer;
  }

  #answered(exchange, { at, status, bytes }) {
    const answer = this.#answer(exchange, at);
    Object.assign(answer, { client_at: at, status });
    if (!answer.is_counted) answer.body = bytes;
    this.#end(exchange);
  }

  #opened(exchange, { at }) {
    exchange.is_stream = true;
    this.#answer(exchange, at).client_at = at;
  }

  /** Something that this end alone knows of. */
  #seen(exchange, kind, { n, at }, error) {
    Object.assign(exchange.passages.of(exchange, kind, `${n} ${kind} ${at}`, at), { client_at: at, error });
  }

  #event(exchange, { n, at, id, bytes, flag }) {
    const carrier = exchange.is_stream ? exchange.passages.of(exchange, "frame", `${n} ${id}`, at) : this.#answer(exchange, at);
    if (Number.isNaN(carrier.client_at)) carrier.client_at = at;
    if (exchange.is_stream) carrier.alone = bytes;
    if (exchange.is_stream && !carrier.is_counted) carrier.body = frameSize(exchange.framing, id, bytes) + this.around(n);
    carrier.first ||= id;
    // What came before weighs on who asked for it again, and is no event.
    if (flag === "overlap") return carrier;
    carrier.events += 1;
    carrier.payload += bytes;
    return carrier;
  }

  #said(exchange, { n, at, bytes }) {
    exchange.spoken += 1;
    const said = exchange.passages.of(exchange, "said", `${n} said ${exchange.spoken}`, at);
    Object.assign(said, { client_at: at, body: bytes });
    // 64 that the server has not heard: more than that is not going to be told apart.
    if (exchange.said.push(said) > 64) exchange.said.shift();
  }

  /** One mark of the server; `at` is its instant on this browser's clock. */
  mark(mark, at) {
    const exchange = this.get(mark.n);
    if (!exchange) return null;
    exchange.connection = mark.connection;
    this.#lanes.get(exchange.lane).has_marks = true;
    switch (mark.what) {
      case "arrived":
        this.#arrived(exchange, mark);
        this.#count(exchange, exchange.request, mark);
        break;
      case "held":
        exchange.held_us = mark.at_us;
        break;
      case "answered":
        this.#replied(exchange, mark, at);
        break;
      case "wrote":
        this.#wrote(exchange, mark, at);
        break;
      case "heard":
        this.#heard(exchange, mark, at);
        break;
      case "closed":
        this.#closed(exchange, mark, at);
        break;
    }
    return exchange;
  }

  #replied(exchange, mark, at) {
    const answer = this.#answer(exchange, at);
    answer.status = mark.status;
    answer.held_us = exchange.held_us;
    exchange.held_us = NaN;
    this.#count(exchange, answer, mark);
  }

  /** Of a head that was compressed the fields are shown, and the first of them is `:method`. */
  #arrived(exchange, { shown }) {
    exchange.is_http2 = atob(shown?.slice(0, 4) ?? "").startsWith(":");
    this.#lanes.get(exchange.lane).is_http2 = exchange.is_http2;
    if (!exchange.is_http2) return;
    const framing = framingOf(exchange.transport, true);
    Object.assign(exchange, { framing, up: new Data(), down: new Data() });
  }

  /** Writes an endless answer: each frame in it is a passage of its own, with what HTTP/2 put around it. */
  #wrote(exchange, mark, at) {
    const bytes = bytesOf(mark.shown ?? "");
    const { head, left, isEmpty, isAnew } = exchange.down.take(bytes, mark.body);
    exchange.around += head;
    if (isAnew) exchange.rest = 0;
    const begun = this.#continues(exchange, bytes, head, mark.body);
    let end = head + begun;
    let last = null;
    for (const frame of framesIn(exchange.framing, bytes, end)) {
      last = eventIn(exchange.framing, bytes, frame);
      const size = Number.isFinite(frame.size) ? frame.size : (this.#sizeOf(exchange, last) ?? mark.body + left - end);
      this.#frame(exchange, mark, at, { id: last, from: frame.from, size });
      end = frame.from + size;
    }
    if (isEmpty) this.#frame(exchange, mark, at, { id: null, from: head, size: 0 });
    end = this.#beyond(exchange, mark, at, last, end);
    exchange.rest += Math.max(0, end - mark.body);
  }

  /** The frame that began in an earlier write goes on; returns how many bytes here are still its own. */
  #continues(exchange, bytes, from, told) {
    let begun = Math.min(exchange.rest, told - from);
    exchange.rest -= begun;
    const isLost = begun === 0 && exchange.framing === "block" && from < bytes.length && framesIn("block", bytes, from).length === 0;
    if (isLost && exchange.last) {
      // Nothing said how long it is.
      const end = latin(bytes, from, bytes.length).indexOf("\n\n");
      begun = end < 0 ? told - from : end + 2;
      this.#grow(exchange, begun);
    }
    if (begun > 0 && exchange.last) {
      this.#grow(exchange, exchange.around);
      exchange.around = 0;
    }
    return begun;
  }

  #grow({ last }, bytes) {
    if (last.is_early) this.#lanes.get(last.lane).excuse({ http: 0, body: bytes });
    last.body += bytes;
  }

  /** The bytes of an event's frame, where the event has come. */
  #sizeOf({ n, passages, framing }, id) {
    const alone = id && passages.find(`${n} ${id}`)?.alone;
    return alone ? frameSize(framing, id, alone) : null;
  }

  #frame(exchange, mark, at, { id, from, size }) {
    exchange.wrote += 1;
    const key = id ? `${exchange.n} ${id}` : `${exchange.n} wrote ${exchange.wrote}`;
    const passage = exchange.passages.of(exchange, id ? "frame" : "beat", key, at);
    if (id) passage.first = id;
    this.#countAround(exchange, passage, mark, { from, size });
    exchange.last = passage;
  }

  /** A frame, and the head of DATA before it, which is shown with it where it came with it. */
  #countAround(exchange, passage, mark, { from, size }) {
    const { around } = exchange;
    exchange.around = 0;
    Object.assign(passage, { around: around === HEAD && from === HEAD ? HEAD : 0, framing: exchange.framing });
    this.#count(exchange, passage, { ...mark, http: 0, body: around + size }, from - passage.around);
  }

  /** Frames that begin beyond the bytes that are shown: the events that came next. Returns where the last ends. */
  #beyond(exchange, mark, at, last, end) {
    while (last && end < mark.body) {
      const [epoch, sequence] = last.split("-");
      last = `${epoch}-${Number(sequence) + 1}`;
      const passage = exchange.passages.find(`${exchange.n} ${last}`);
      const size = this.#sizeOf(exchange, last);
      if (!size || passage.is_counted) break;
      this.#frame(exchange, { ...mark, shown: "" }, at, { id: last, from: 0, size });
      end += size;
    }
    return end;
  }

  /** Bytes up after a head: frames that this page said, in their order, and pongs of the browser's own. */
  #heard(exchange, mark, at) {
    if (exchange.transport !== "websocket" || !exchange.is_stream) {
      exchange.request.body += mark.body;
      return;
    }
    const bytes = bytesOf(mark.shown ?? "");
    const { head } = exchange.up.take(bytes, mark.body);
    let around = head;
    for (const frame of framesIn("websocket", bytes, head)) {
      exchange.heard += 1;
      const own = isData(frame) ? exchange.said.shift() : undefined;
      const said = own ?? exchange.passages.of(exchange, "said", `${exchange.n} heard ${exchange.heard}`, at);
      Object.assign(said, { around, framing: "websocket" });
      this.#count(exchange, said, { ...mark, http: 0, body: around + frame.size }, frame.from - around);
      around = 0;
    }
  }

  #closed(exchange, mark, at) {
    const closed = exchange.passages.of(exchange, "closed", `${exchange.n} closed`, at);
    closed.held_us = exchange.held_us;
    exchange.held_us = NaN;
    this.#count(exchange, closed, mark);
    this.#end(exchange);
  }

  /** What the server counted, and when. */
  #count({ passages }, passage, { at_us, http = 0, body = 0, connection, shown = "" }, from = 0) {
    if (passage.is_early) this.#lanes.get(passage.lane).excuse({ http, body });
    Object.assign(passage, { server_us: at_us, http, body, connection, is_counted: true });
    passages.show(passage, shown, from);
  }

  #end(exchange) {
    if (exchange.has_ended) return;
    exchange.has_ended = true;
    this.#ended.push(exchange.n);
    if (this.#ended.length > ENDED) this.#open.delete(this.#ended.shift());
  }
}

/** The first part of the path is the transport, whichever lane asks. */
function placeOf(url) {
  const { origin, pathname } = new URL(url, location.href);
  return { origin: origin.replace(/^ws/, "http"), transport: pathname.split("/")[1] };
}
