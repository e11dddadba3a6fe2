// What is known of the request that a lane waits for, at this end and, by its marks, at the server.

import { Ended } from "./ended.js";
import { now } from "./now.js";
import { parseId } from "./stand.js";

/** Where an event begins, in bytes that may be of any transport. */
const BEGINNING = /\{"id":"([0-9a-z]{6}-\d+)","topic"/g;

export class Request {
  isSeen = false;
  isOpen = false;
  late_since = null;
  /** The newest event that the server was seen to write, and how many of them have not come. */
  #written = null;
  unread = 0;
  #count = 0;

  constructor({ n, at, isNamed }) {
    Object.assign(this, { n, at, isSeen: !isNamed });
  }

  /** It is here: nothing is missing of what has no body. */
  opened() {
    this.isSeen = this.isOpen = true;
    this.late_since = null;
  }

  /** A mark of the server; returns what it told that a browser hides. */
  mark(mark, stand) {
    this.isSeen = true;
    if (mark.what !== "answered" && mark.what !== "wrote") return { isClosed: mark.what === "closed" };
    const text = atob(mark.shown ?? "");
    for (const [, id] of text.matchAll(BEGINNING)) {
      this.#written = parseId(id);
      this.#count += 1;
    }
    this.compare(stand);
    if (this.unread > 0 || (mark.what === "answered" && !this.isOpen)) this.late_since ??= now();
    return { retry_ms: Number(/^retry: (\d+)$/m.exec(text)?.[1]), refusal: refusalIn(mark, text) };
  }

  /** Something came, or was written. */
  compare(stand) {
    if (!this.#written) return;
    const ahead = stand.isSameEpoch(this.#written) ? this.#written.sequence - stand.sequence : this.#count;
    this.unread = Math.max(0, ahead);
  }

  /** Something came: what is still missing is late from now on. */
  came(stand) {
    this.opened();
    this.#count = 0;
    this.compare(stand);
    if (this.unread > 0) this.late_since = now();
  }
}

function refusalIn({ status }, text) {
  if (!(status >= 400)) return null;
  const [head, body = ""] = text.split("\r\n\r\n");
  return Ended.refused({ status, after_s: Number(/^retry-after: (\d+)/im.exec(head)?.[1]), text: body });
}
