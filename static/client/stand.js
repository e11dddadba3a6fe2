// Where a subscriber stands, and what it missed.
//
//   8f3k2a-1042     epoch-sequence: the sequence counts from 1 without holes, in each epoch anew
//
// An event that comes a second time is doubled. Numbers that are skipped without an announced gap are lost, until
// they come after all: then they were only out of order.

/** So many lost numbers are remembered: as many events as the server remembers of a topic. */
const REMEMBERED = 10_000;

export function parseId(text) {
  const [, epoch, sequence] = /^([0-9a-z]{6})-(\d+)$/.exec(text) ?? [];
  return epoch ? { text, epoch, sequence: Number(sequence) } : null;
}

const idOf = (epoch, sequence) => ({ text: `${epoch}-${sequence}`, epoch, sequence });

export class Stand {
  counts = { received: 0, lost: 0, doubled: 0, reordered: 0, gaps: 0, announced: 0 };
  #id = null;
  #missing = new Set();

  /** One that begins one event before another: the event that has come there comes first. */
  static before(other) {
    const [stand, id] = [new Stand(), other.#id];
    if (id) stand.#id = idOf(id.epoch, Math.max(0, id.sequence - 1));
    return stand;
  }

  /** Begins anew with what is published from now on. The counts go on. */
  forget() {
    this.#id = null;
    this.#missing.clear();
  }

  /** What to ask for. */
  get id() {
    return this.#id?.text ?? null;
  }

  /** Whether there was an event before. */
  get hasSome() {
    return this.#id?.sequence > 0;
  }

  /** Whether this one came, or was before all that did. */
  hasHad(id) {
    return this.distanceTo(id) <= 0 && !this.#missing.has(id.sequence);
  }

  /** How many events lie between here and an id; not a number across epochs. */
  distanceTo(id) {
    return this.#id?.epoch === id.epoch ? id.sequence - this.#id.sequence : NaN;
  }

  /** Takes an event: whether it came before, and the hole before it, where there is one. */
  take(id) {
    const isPast = this.distanceTo(id) <= 0;
    if (isPast && !this.#missing.delete(id.sequence)) {
      this.counts.doubled += 1;
      return { isDoubled: true };
    }
    this.counts.received += 1;
    if (!isPast) return { hole: this.#goTo(id, id) };
    this.counts.lost -= 1;
    this.counts.reordered += 1;
    return {};
  }

  /** The server told the position. It never goes back within an epoch; what lies between is missing. */
  goesTo(text) {
    const id = parseId(text);
    return id && !(this.distanceTo(id) <= 0) ? this.#goTo(id, idOf(id.epoch, id.sequence + 1)) : null;
  }

  /** The server announced what is missing. */
  takeGap({ resumes, missed }) {
    const id = parseId(resumes);
    if (!id) return;
    this.counts.gaps += 1;
    this.counts.announced += Number(missed) || 0;
    if (!(this.distanceTo(id) > 0)) this.#missing.clear();
    this.#id = idOf(id.epoch, Math.max(0, id.sequence - 1));
  }

  /** Moves on to `id`; returns the hole before `next`, where there is one. */
  #goTo(id, next) {
    const before = this.#id;
    const missed = this.distanceTo(next) - 1;
    this.#id = id;
    if (!before || missed === 0) return null;
    if (!(missed > 0)) this.#missing.clear();
    else this.#miss(before.sequence + 1, next.sequence);
    return { after: before.text, resumes: next.text, missed: missed > 0 ? missed : null };
  }

  #miss(first, end) {
    this.counts.lost += end - first;
    for (let sequence = Math.max(first, end - REMEMBERED); sequence < end; sequence += 1) this.#missing.add(sequence);
    for (const oldest of this.#missing) {
      if (this.#missing.size <= REMEMBERED) break;
      this.#missing.delete(oldest);
    }
  }
}
