// An endless answer, taken apart: where each frame ends in what the server's marks say it wrote.
//
//   mark     1,400 bytes, the first 1,024 of them shown     ▏event 41 ▏event 42 ▏event 4·· · · · ·▏
//   worker   "43 has come, and is 380 bytes"                                    ▏event 43         ▏
//
// A frame that is shown says itself how long it is. Of one that is not, only the event says it that it carries: as long
// as that is on its way, what was written waits for it.

import { BARE, Data } from "./data.js";
import { bytesOf, eventIn, framesIn, framingOf, isCutOff, latin } from "./frames.js";

/** Marks that wait for their events: those of 10 s at 100 writes a second. What is older is shared out as it stands. */
const WAITING = 1000;

/** The longest head of a frame: ten bytes of WebSocket, as many of a chunk. What is longer and no head is none. */
const HEAD = 10;

const isAfter = (id, other) => {
  const [[epoch, sequence], [was, before]] = [id, other].map((one) => one.split("-"));
  return epoch === was && Number(sequence) > Number(before);
};

function following(id) {
  const [epoch, sequence] = id.split("-");
  return `${epoch}-${Number(sequence) + 1}`;
}

export class Written {
  #data = BARE;
  #framing;
  #waiting = [];
  /** Bytes of the last frame that are still to be told of. */
  #rest = 0;
  /** Bytes of heads of DATA that no frame has been found for yet. */
  #around = 0;
  #last = null;
  #newest = null;
  #sizeOf;
  #draw;

  /**
   * `sizeOf(id)` is the size of an event's frame where the event has come, else `null`; `draw` takes what is found:
   * `frame` with its size and all that is told of its write, `more` bytes of the last one.
   */
  constructor(transport, { sizeOf, draw }) {
    this.#framing = framingOf(transport, false);
    this.#sizeOf = sizeOf;
    this.#draw = draw;
  }

  /** It is a stream of HTTP/2. */
  isFramed(transport) {
    [this.#data, this.#framing] = [new Data(), framingOf(transport, true)];
  }

  /** Bytes told of since then that no frame has been found for. */
  waiting(since) {
    return this.#waiting.reduce((sum, { at, from, mark }) => sum + (at >= since ? mark.body - from : 0), this.#around);
  }

  /** Bytes of the last frame that are found, and not told of yet. */
  get rest() {
    return this.#rest;
  }

  /** What is told of by now belongs to the run before. */
  restart() {
    for (const write of this.#waiting) write.isEarly = true;
  }

  /** One mark, with all that was written at once. */
  wrote(mark, at) {
    const bytes = bytesOf(mark.shown ?? "");
    this.#waiting.push({ mark, at, bytes, from: 0, isBegun: false, isEarly: false, ...this.#data.take(bytes, mark.body) });
    this.#share(this.#waiting.length > WAITING);
  }

  /** An event has come: what waited for it need not wait longer. */
  hears(id) {
    this.#newest = id;
    this.#share(false);
  }

  /** No more events come. */
  end() {
    while (this.#waiting.length > 0) this.#share(true);
  }

  /** Takes apart what waits; the first in any case where that `isOverdue`. */
  #share(isOverdue) {
    while (this.#waiting.length > 0 && this.#isShared(this.#waiting[0], isOverdue)) {
      this.#waiting.shift();
      isOverdue = false;
    }
  }

  #isShared(write, isOverdue) {
    if (!write.isBegun) this.#begin(write);
    while (write.from < write.mark.body) {
      const frame = this.#next(write, isOverdue);
      if (!frame) return false;
      this.#found(write, frame);
    }
    this.#rest += write.from - write.mark.body;
    return true;
  }

  /** The head of DATA, and what is left of the frame that an earlier write began. */
  #begin(write) {
    const { mark, head, isEmpty, isAnew } = write;
    write.isBegun = true;
    this.#around += head;
    if (isAnew) this.#rest = 0;
    const begun = Math.min(this.#rest, mark.body - head);
    this.#rest -= begun;
    if (begun > 0) this.#more(write, 0);
    write.from = head + begun;
    if (isEmpty) this.#found(write, { id: null, size: 0 });
  }

  /** The frame that comes next; `null` where its event is awaited. */
  #next({ bytes, from, mark, left }, isOverdue) {
    const [frame = null] = framesIn(this.#framing, bytes, from);
    const told = frame && eventIn(this.#framing, bytes, frame);
    const size = frame && Number.isFinite(frame.size) ? frame.size : null;
    if (size !== null && (told || !this.#isCut(bytes, from, frame))) return { id: told, size };
    const id = told ?? (this.#isCut(bytes, from, frame) ? following(this.#last) : null);
    const own = id && this.#sizeOf(id);
    if (own && own === (size ?? own)) return { id, size: own };
    if (id && !own && !isOverdue && !this.#isPast(id)) return null;
    if (frame || !this.#last) return { id: told, size: size ?? mark.body + left - from };
    // Nothing says how long it is.
    const end = this.#framing === "block" ? latin(bytes, from, bytes.length).indexOf("\n\n") : -1;
    return { isMore: true, size: end < 0 ? mark.body - from : end + 2 };
  }

  /** Whether too little is shown to tell which event it is, and it can only be the next. */
  #isCut(bytes, from, frame) {
    if (this.#last === null) return false;
    return frame ? isCutOff(this.#framing, bytes, frame) : bytes.length - from < HEAD;
  }

  /** Whether an event will not come any more: events come in their order. */
  #isPast(id) {
    return this.#newest !== null && !isAfter(id, this.#newest);
  }

  #found(write, { id, size, isMore = false }) {
    if (isMore) this.#more(write, size);
    else {
      this.#draw.frame({ ...write, id, size, around: this.#around, framing: this.#framing });
      this.#around = 0;
      this.#last = id ?? this.#last;
    }
    write.from += size;
  }

  #more({ isEarly }, bytes) {
    this.#draw.more(bytes + this.#around, isEarly);
    this.#around = 0;
  }
}
