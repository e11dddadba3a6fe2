// The newest events, each with its arrivals on every lane: the same event, four lanes.
//
//   { id, sequence, sent_us, bytes, json, arrivals: { sse: { at, latency_us, is_hollow, passage }, … } }

/** More than a poll every 10 s lies behind at 200 events a second. */
const CAPACITY = 2048;

/** Of an event's text so many letters are kept. */
const LETTERS = 512;

export class Events {
  #byId = new Map();
  #gone = { epoch: "", sequence: 0 };

  get(id) {
    return this.#byId.get(id);
  }

  /** Notes an arrival; what left long ago does not come back. */
  arrived({ lane, id, sequence, sent_us, bytes, json, at }, latency_us, is_hollow, passage) {
    if (epochOf(id) === this.#gone.epoch && sequence <= this.#gone.sequence) return;
    let event = this.#byId.get(id);
    if (!event) {
      event = { id, sequence, sent_us, bytes, json: json.slice(0, LETTERS), arrivals: {} };
      this.#byId.set(id, event);
      if (this.#byId.size > CAPACITY) this.#forgetOldest();
    }
    event.arrivals[lane] ??= { at, latency_us, is_hollow, passage };
  }

  #forgetOldest() {
    const [id, { sequence }] = this.#byId.entries().next().value;
    this.#byId.delete(id);
    this.#gone = { epoch: epochOf(id), sequence };
  }

  /** The newest first. */
  newest(limit) {
    const all = [...this.#byId.values()].slice(-limit - 64);
    return all.sort((one, other) => other.sent_us - one.sent_us || other.sequence - one.sequence).slice(0, limit);
  }

  clear() {
    this.#byId.clear();
  }
}

const epochOf = (id) => id.slice(0, id.lastIndexOf("-"));

/** When an event was first here: the instant all its other arrivals are held against. */
export function firstArrival({ arrivals }) {
  return Math.min(...Object.values(arrivals).map((arrival) => arrival.at));
}
