// Where the whole reader stands, whichever transport brings what comes next.
//
//   stands at            8f3k2a-41
//   asks after           8f3k2a-40        one before: 41 is waiting there, and comes at once
//   what comes           41   42   43     41 came before: an overlap. 42 and 43 are handed on
//
// Every transport is asked from here, so what it brings overlaps with what came, or joins it; it never begins behind
// it. What came before is known by its id, and a gap that another transport told already by where it ends.

import { parseId } from "../client/stand.js";

/** Lives of a log that are over are remembered up to so many: a late word of one must not be taken for news. */
const REMEMBERED = 16;

const before = ({ epoch, sequence }) => ({ epoch, sequence: sequence - 1 });

export class Place {
  #over = [];
  #epoch = null;

  /** `stand`: what has come, over all transports together. */
  constructor(stand) {
    this.stand = stand;
  }

  /** Whether another transport brought it. */
  overlaps(id) {
    return this.#over.includes(id.epoch) || this.stand.hasHad(id);
  }

  /** A transport's word of what is missing, as it is from here; `null` where that is told already. */
  gap({ resumes }) {
    const id = parseId(resumes);
    if (!id || this.overlaps(before(id))) return null;
    const missed = this.stand.distanceTo(id) - 1;
    return { after: this.stand.id, resumes, missed: Number.isNaN(missed) ? null : missed };
  }

  /** It went on: where that is another life of the log, the one before is over. */
  moved() {
    const { epoch } = parseId(this.stand.id) ?? {};
    if (this.#epoch && epoch !== this.#epoch) this.#over = [...this.#over, this.#epoch].slice(-REMEMBERED);
    this.#epoch = epoch;
  }
}
