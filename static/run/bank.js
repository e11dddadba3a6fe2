// The bank of six: connections that a browser opens to one origin over HTTP/1.1, at most, and who sits on them.
//
//   http://127.0.0.1:9000   [#5 poll] [#6 longpoll] [#7 sse] [ ] [ ] [ ]      beside it, not counted: #8 websocket
//
// Numbers are the server's. What it did not number has none. Over HTTP/2 there is one connection to an origin for all:
// each request is a stream on it, and nothing waits for a seat.
//
//   https://127.0.0.1:9000  [#3 poll, longpoll, sse]

/** A connection on which nothing was asked for so long is no longer shown: the browser may have closed it. */
const IDLE_US = 60e6;

/** Connections that are remembered: more than a page can have at once. */
const CAPACITY = 64;

/** Whether the page itself came over HTTP/2: the links lead to the same server, which offers the same. */
export const isHttp2 = performance.getEntriesByType("navigation")[0]?.nextHopProtocol === "h2";

export class Bank {
  #connections = new Map();
  #crowd = new Map();

  mark(exchange, { connection, what, at_us }) {
    const key = exchange.is_http2 ? `${connection} ${exchange.lane}` : connection;
    this.#connections.delete(key);
    if (what !== "closed") this.#connections.set(key, { connection, exchange, at_us });
    if (this.#connections.size > CAPACITY) this.#connections.delete(this.#connections.keys().next().value);
  }

  crowd({ seat, at, state, base }) {
    const before = this.#crowd.get(seat);
    if (state === "closed") this.#crowd.delete(seat);
    else this.#crowd.set(seat, { seat, state, base, at: state === before?.state ? before.at : at });
  }

  /** The crowd's EventSources. */
  seats() {
    return [...this.#crowd.values()];
  }

  /** Who sits where, by origin; `open` are the requests that have no end yet. */
  origins(open, now_us) {
    const origins = new Map();
    const of = ({ origin }) => {
      if (!origins.has(origin)) origins.set(origin, emptyOf(origin));
      return origins.get(origin);
    };
    const all = [...this.#connections.values()].sort((one, other) => one.connection - other.connection);
    const isShared = new Set(all.filter(({ exchange }) => exchange.is_http2).map(({ connection }) => connection));
    const newest = new Map(all.map(({ exchange }) => exchange).sort((one, other) => one.n - other.n).map(({ lane, n }) => [lane, n]));
    for (const { connection, exchange, at_us } of all) {
      const { lane, n, transport, is_stream, is_http2, has_ended } = exchange;
      if (has_ended && (is_stream || now_us - at_us > IDLE_US)) continue;
      // A stream that has ended leaves nothing idle behind; between two requests a lane stays where its last one was.
      if (has_ended && is_http2 && n < newest.get(lane)) continue;
      const { seats, beside, shared } = of(exchange);
      const name = lane === transport ? lane : `${lane} over ${transport}`;
      if (isShared.has(connection)) shared.set(connection, [...new Set(shared.get(connection)).add(name)].sort());
      else (transport === "websocket" && is_stream ? beside : seats).push({ connection, lane: name, is_busy: !has_ended });
    }
    for (const exchange of open) if (exchange.connection === null) of(exchange).waiting.push(exchange);
    return [...origins.values()];
  }
}

/** `shared`: by connection, the lanes whose requests are streams on it. */
export function emptyOf(origin) {
  return { origin, seats: [], beside: [], waiting: [], shared: new Map() };
}
