// HTTP/2: what is in its DATA frames, and what stands around it.
//
//   00 00 c8 00 00 00 00 00 05 │ id: 8f3k2a-1042 ␊ data: {"id":… ␊␊
//   length, type, flags, stream   a block of SSE, a frame of WebSocket; several, or a part of one
//
// A mark tells of one DATA frame, or, where a write was cut, of a part of one.

/** Of a frame's head (RFC 9113, section 4.1). */
export const HEAD = 9;

const NO_FRAME = { head: 0, left: 0, isEmpty: false, isAnew: false };

/** One way of a stream. */
export class Data {
  #cut = [];
  #left = 0;
  #stream = null;

  /**
   * How much of what is told is the head of a DATA frame, and how much of the frame is still to come; whether it
   * begins where another was to go on: then marks are missing.
   */
  take(bytes, told) {
    if (told === 0) return NO_FRAME;
    const isCut = this.#left === 0 && this.#cut.length + bytes.length < HEAD;
    if (isCut) {
      this.#cut.push(...bytes);
      return { ...NO_FRAME, head: told };
    }
    const head = [...this.#cut, ...bytes.subarray(0, HEAD - this.#cut.length)];
    if (!this.#isHead(head)) {
      this.#left = Math.max(0, this.#left - told);
      return { ...NO_FRAME, left: this.#left };
    }
    const isAnew = this.#left > 0;
    const now = HEAD - this.#cut.length;
    [this.#cut, this.#stream] = [[], streamOf(head)];
    const length = lengthOf(head);
    this.#left = Math.max(0, length - (told - now));
    return { head: now, left: this.#left, isEmpty: length === 0, isAnew };
  }

  /** Of type 0, on the stream that all the others are on: no text holds such bytes. */
  #isHead(bytes) {
    return bytes.length === HEAD && bytes[3] === 0 && bytes[4] <= 1 && [null, streamOf(bytes)].includes(this.#stream);
  }
}

/** HTTP/1.1 has no frames: all is what would be in them. */
export const BARE = { take: () => NO_FRAME };

export const lengthOf = ([high, middle, low]) => 65_536 * high + 256 * middle + low;

export const streamOf = (head) => head.slice(5, HEAD).reduce((sum, byte) => 256 * sum + byte, 0);

/** What a head stood for that was compressed: a field a line. */
const FIELDS = /^:[a-z]+: [^\r]*\r\n(:?[^:\r]+: [^\r]*\r\n)*/;

/** A message as it is shown, a letter each byte: where its fields end, and its body begins; `null` over HTTP/1.1. */
export function messageIn(text) {
  const fields = FIELDS.exec(text)?.[0].length;
  return fields ? { fields, body: Math.min(text.length, fields + HEAD) } : null;
}
