// Requests and what came of them: what the worker saw and what the server marked, joined by the request's number.
//
//   worker   asked 17                                     answered 17 · event …
//   server        arrived 17 · held 17 · answered 17                              (100 ms later, on the control topic)

import { BARE, Data, HEAD } from "./data.js";
import { bytesOf, frameSize, framesIn, framingOf } from "./frames.js";
import { Written } from "./written.js";

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
    const exchange = {
      n, lane, transport, origin, passages, request, answer: null, asked_at: at, connection: null, is_stream: false, is_http2: false,
      held_us: NaN, has_ended: false, said: [], spoken: 0, heard: 0, up: BARE, wrote: 0, last: null,
    };
    exchange.written = this.#written(exchange);
    this.#open.set(n, exchange);
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
    if (exchange.is_stream) this.#framed(exchange, carrier, id, bytes);
    carrier.first ||= id;
    // What came before weighs on who asked for it again, and is no event.
    if (flag === "overlap") return carrier;
    carrier.events += 1;
    carrier.payload += bytes;
    return carrier;
  }

  /** As long as the server has not said it, a frame weighs what it makes of such an event. */
  #framed(exchange, carrier, id, bytes) {
    carrier.alone = bytes;
    if (!carrier.is_counted) carrier.body = this.#sizeOf(exchange, id) + this.around(exchange.n);
    exchange.written.hears(id);
  }

  /** Of the frame of an event that has come. */
  #sizeOf({ n, transport, is_http2, passages }, id) {
    const bytes = passages.find(`${n} ${id}`)?.alone;
    return bytes ? frameSize(framingOf(transport, is_http2), id, bytes) : null;
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
    exchange.up = new Data();
    exchange.written.isFramed(exchange.transport);
  }

  /** An endless answer: each frame in it is a passage of its own, with what HTTP/2 put around it. */
  #written(exchange) {
    return new Written(exchange.transport, {
      sizeOf: (id) => this.#sizeOf(exchange, id),
      draw: {
        frame: (frame) => this.#frame(exchange, frame),
        more: (bytes, isEarly) => this.#more(exchange, bytes, isEarly),
      },
    });
  }

  #wrote(exchange, mark, at) {
    this.#lanes.get(exchange.lane).streams.add(exchange.written);
    exchange.written.wrote(mark, at);
  }

  /** A frame, and the head of DATA before it, which is shown with it where it came with it. */
  #frame(exchange, { mark, at, id, from, size, bytes, around, framing, isEarly }) {
    exchange.wrote += 1;
    const key = id ? `${exchange.n} ${id}` : `${exchange.n} wrote ${exchange.wrote}`;
    const passage = exchange.passages.of(exchange, id ? "frame" : "beat", key, at);
    if (id) passage.first = id;
    const isShownBefore = around === HEAD && from === HEAD;
    Object.assign(passage, { around: isShownBefore ? HEAD : 0, framing });
    const shown = from < bytes.length ? mark.shown : "";
    this.#count(exchange, passage, { ...mark, http: 0, body: around + size, shown, isEarly }, from - passage.around);
    exchange.last = passage;
  }

  #more({ lane, last }, bytes, isEarly) {
    if (last.is_early && !isEarly) this.#lanes.get(lane).excuse({ http: 0, body: bytes });
    last.body += bytes;
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
    this.#settle(exchange);
    this.#end(exchange);
  }

  /** What the server counted, and when: what `isEarly` was told of before the run. */
  #count({ passages }, passage, { at_us, http = 0, body = 0, connection, shown = "", isEarly = false }, from = 0) {
    if (passage.is_early && !isEarly) this.#lanes.get(passage.lane).excuse({ http, body });
    passage.is_early ||= isEarly;
    Object.assign(passage, { server_us: at_us, http, body, connection, is_counted: true });
    passages.show(passage, shown, from);
  }

  #end(exchange) {
    if (exchange.has_ended) return;
    exchange.has_ended = true;
    this.#ended.push(exchange.n);
    if (this.#ended.length > ENDED) this.#forget(this.#ended.shift());
  }

  #forget(n) {
    this.#settle(this.get(n));
    this.#open.delete(n);
  }

  /** Nothing more is told of it. */
  #settle({ lane, written }) {
    written.end();
    this.#lanes.get(lane).streams.delete(written);
  }
}

/** The first part of the path is the transport, whichever lane asks. */
function placeOf(url) {
  const { origin, pathname } = new URL(url, location.href);
  return { origin: origin.replace(/^ws/, "http"), transport: pathname.split("/")[1] };
}
