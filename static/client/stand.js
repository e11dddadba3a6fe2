// Where a subscriber stands, and what it missed.
//
//   epoch-sequence     8f3k2a-1042: the sequence counts from 1 without holes, in each epoch anew
//
// An event that comes a second time is doubled. Numbers that are skipped without an announced gap are lost, until
// they come after all: then they were only out of order.

const ID = /^([0-9a-z]{6})-(\d+)$/;

/** So many lost numbers are remembered: what the server remembers of a topic. */
const REMEMBERED = 10_000;

export function parseId(text) {
  const parts = ID.exec(text ?? "");
  return parts && { epoch: parts[1], sequence: Number(parts[2]) };
}

export class Stand {
  id = null;
  counts = { received: 0, lost: 0, doubled: 0, reordered: 0, gaps: 0, announced: 0 };
  #at = null;
  #missing = new Set();

  /** Begins anew with what is published from now on. The counts go on. */
  forget() {
    this.id = this.#at = null;
    this.#missing.clear();
  }

  get sequence() {
    return this.#at?.sequence ?? null;
  }

  isSameEpoch(id) {
    return this.#at?.epoch === id.epoch;
  }

  #isPast(id) {
    return this.isSameEpoch(id) && id.sequence <= this.#at.sequence;
  }

  /** Takes an event: whether it came before, and the hole before it, `null` where there is none. */
  take(text, id) {
    if (this.#isPast(id)) return { doubled: !this.#late(id), hole: null };
    this.counts.received += 1;
    const hole = this.#holeBefore(id);
    this.#goTo(text, id);
    return { doubled: false, hole };
  }

  #late(id) {
    const isLate = this.#missing.delete(id.sequence);
    if (isLate) {
      this.counts.lost -= 1;
      this.counts.received += 1;
      this.counts.reordered += 1;
    } else this.counts.doubled += 1;
    return isLate;
  }

  /** The server told the position. It never goes back within an epoch; what lies between is missing. */
  goesTo(text) {
    const id = parseId(text);
    if (!id || this.#isPast(id)) return null;
    const hole = this.#holeBefore({ ...id, sequence: id.sequence + 1 });
    this.#goTo(text, id);
    return hole;
  }

  /** The server announced what is missing. */
  tookGap(gap) {
    const id = parseId(gap.resumes);
    if (!id) return;
    this.counts.gaps += 1;
    this.counts.announced += Number(gap.missed) || 0;
    const sequence = Math.max(0, id.sequence - 1);
    this.#goTo(`${id.epoch}-${sequence}`, { epoch: id.epoch, sequence });
  }

  #goTo(text, id) {
    if (!this.isSameEpoch(id)) this.#missing.clear();
    [this.id, this.#at] = [text, id];
  }

  #holeBefore(id) {
    if (!this.#at) return null;
    const resumes = `${id.epoch}-${id.sequence}`;
    if (!this.isSameEpoch(id)) return { after: this.id, resumes, missed: null };
    const missed = id.sequence - this.#at.sequence - 1;
    if (missed <= 0) return null;
    this.counts.lost += missed;
    const first = Math.max(this.#at.sequence + 1, id.sequence - REMEMBERED);
    for (let sequence = first; sequence < id.sequence; sequence += 1) this.#missing.add(sequence);
    for (const oldest of this.#missing) {
      if (this.#missing.size <= REMEMBERED) break;
      this.#missing.delete(oldest);
    }
    return { after: this.id, resumes, missed };
  }
}
