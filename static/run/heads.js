// What the heads of a lane weigh, as the server's marks told: theory knows how many there are, and not how long.

/** What comes so seldom an event adds less than a byte: no head here has a thousand. */
const SELDOM = 1 / 1000;

export class Heads {
  #told = { request: { count: 0, bytes: 0 }, empty: { count: 0, bytes: 0 }, full: { count: 0, bytes: 0 } };

  take({ what, status, http }) {
    // What a client says to keep a connection of HTTP/2 going is part of what asking costs.
    if (what === "heard") this.#told.request.bytes += http;
    const kind = what === "arrived" ? "request" : what === "answered" && KINDS[status];
    if (!kind) return;
    this.#told[kind].count += 1;
    this.#told[kind].bytes += http;
  }

  /** What so many heads of each kind weigh; `NaN` where one of a kind was not seen yet. */
  weigh(counts) {
    const weight = ([kind, count]) => (count < SELDOM ? 0 : (count * this.#told[kind].bytes) / this.#told[kind].count);
    return Object.entries(counts).reduce((sum, each) => sum + weight(each), 0);
  }
}

const KINDS = { 200: "full", 204: "empty" };
