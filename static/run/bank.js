// The bank of six: connections that a browser opens to one origin over HTTP/1.1, at most, and who sits on them.
//
//   http://127.0.0.1:9000   [#5 poll] [#6 longpoll] [#7 sse] [ ] [ ] [ ]      beside it, not counted: #8 websocket
//
// Numbers are the server's. What it did not number has none.

/** A connection on which nothing was asked for so long is no longer shown: the browser may have closed it. */
const IDLE_MS = 60_000;

/** Origins and seats that are remembered: more than a page can have at once. */
const SEATS = 64;

export class Bank {
  #connections = new Map();
  #crowd = new Map();

  mark(exchange, { connection, what, at_us }) {
    if (what === "closed") this.#connections.delete(connection);
    else this.#connections.set(connection, { connection, exchange, at_us, origin: exchange.origin, lane: exchange.lane });
    if (this.#connections.size > SEATS) this.#connections.delete(this.#connections.keys().next().value);
  }

  crowd({ seat, at, state, base, n }) {
    if (state === "closed") this.#crowd.delete(seat);
    else this.#crowd.set(seat, { seat, at: state === this.#crowd.get(seat)?.state ? this.#crowd.get(seat).at : at, state, base, n });
  }

  /** Who sits where: by origin, `{ seats, beside, waiting }`. `open` are the requests that have no end yet. */
  origins(open, now_us) {
    const origins = new Map();
    const of = (origin) => {
      if (!origins.has(origin)) origins.set(origin, { origin, seats: [], beside: [], waiting: [] });
      return origins.get(origin);
    };
    for (const [number, { exchange, at_us, origin, lane }] of this.#connections) {
      const is_busy = !exchange.has_ended;
      const idle_ms = (now_us - at_us) / 1000;
      if (!is_busy && (exchange.is_stream || idle_ms > IDLE_MS)) continue;
      const row = of(origin);
      (lane === "websocket" && exchange.is_stream ? row.beside : row.seats).push({ connection: number, lane, is_busy, n: exchange.n });
    }
    for (const { n, lane, origin, asked_at, connection, request, is_stream } of open) {
      if (connection === null && Number.isNaN(request.server_us)) of(origin).waiting.push({ n, lane, asked_at, is_stream });
    }
    return { origins: [...origins.values()], crowd: [...this.#crowd.values()] };
  }
}
