// What went one way over a lane's wire: a request, an answer, a frame. The ladder draws a line for each.
//
//   client ──●────────────────●──   client_at   this browser's clock, ms    NaN: not seen at this end, or not yet
//             ╲              ╱
//   server ────●▒▒▒▒▒▒▒▒▒▒▒▒●────   server_us   the server's clock, µs      NaN: no mark, so nothing is drawn there
//              held_us
//
// Two hands fill each in: the worker what this end saw, at once; the server's marks what the other end saw, up to
// 100 ms later. They meet by `key`.

/** 60 s of 200 frames a second. */
const CAPACITY = 60 * 200;

/** Those whose bytes are kept for the inspector: 1.4 kB each. */
const SHOWN = 1000;

/** What is known of it when it is first heard of: nothing. */
function blank(lane, { n, transport }, kind, key, at) {
  return {
    lane, transport, n, kind, key, at, order: at, is_up: kind === "request" || kind === "said",
    client_at: NaN, server_us: NaN, held_us: NaN, connection: null,
    http: 0, body: 0, is_counted: false, status: 0, error: "", url: "",
    events: 0, payload: 0, first: "", is_hollow: false, is_early: false, shown: "", from: 0, around: 0, framing: "", alone: 0, scale: 0, label: "",
  };
}

export class Passages {
  #ring = [];
  #byKey = new Map();
  #shown = [];
  #lane;
  end = 0;

  constructor(lane) {
    this.#lane = lane;
  }

  get begin() {
    return Math.max(0, this.end - CAPACITY);
  }

  get(number) {
    return this.#ring[number % CAPACITY];
  }

  find(key) {
    return this.#byKey.get(key);
  }

  /** The one of a request with this key; it begins at `at`, this browser's clock, where there was none. */
  of(request, kind, key, at) {
    return this.#byKey.get(key) ?? this.#add(blank(this.#lane, request, kind, key, at));
  }

  #add(passage) {
    const place = this.end % CAPACITY;
    const oldest = this.#ring[place];
    if (oldest) this.#byKey.delete(oldest.key);
    // Marks may come long after what they tell of: whoever looks back stops at none of them.
    if (this.end > 0) passage.order = Math.max(passage.at, this.get(this.end - 1).order);
    this.#ring[place] = passage;
    this.#byKey.set(passage.key, passage);
    this.end += 1;
    return passage;
  }

  /** Keeps the first bytes of it; of those that had theirs long ago they go. */
  show(passage, shown, from) {
    if (!shown) return;
    if (this.#shown.length === SHOWN) this.#shown.shift().shown = "";
    this.#shown.push(passage);
    passage.shown = shown;
    passage.from = from;
  }
}
