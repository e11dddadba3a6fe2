// The request that a lane waits for: what is known of it at this end and, by its marks, at the server.

import { Ended } from "./ended.js";
import { now } from "./now.js";
import { parseId } from "./stand.js";

/** Where an event begins, in the bytes of whichever transport. */
const BEGINNING = /\{"id":"([0-9a-z]{6}-\d+)","topic"/g;

export class Request {
  isOpen = false;
  /** How many events the server was seen to write that have not come, and since when something is due. */
  unread = 0;
  due_since = null;
  #written = [];

  constructor(n, at, isSeen) {
    Object.assign(this, { n, at, isSeen });
  }

  /** Something came: what is still missing is due from now on. */
  came(stand) {
    this.isSeen = this.isOpen = true;
    this.#compare(stand);
    this.due_since = this.unread > 0 ? now() : null;
  }

  #compare(stand) {
    this.#written = this.#written.filter((id) => !(stand.distanceTo(id) <= 0));
    this.unread = this.#written.length;
  }

  /** Takes a mark; returns what it tells that a browser hides. */
  mark({ what, status, shown }, stand) {
    this.isSeen = true;
    if (what !== "answered" && what !== "wrote") return { isClosed: what === "closed" };
    const text = atob(shown ?? "");
    this.#written.push(...Array.from(text.matchAll(BEGINNING), ([, id]) => parseId(id)));
    this.#compare(stand);
    if (this.unread > 0 || !this.isOpen) this.due_since ??= now();
    return { retry_ms: Number(/^retry: (\d+)$/m.exec(text)?.[1]), refused: status >= 400 && refusal(status, text) };
  }
}

function refusal(status, answer) {
  const [head, text = ""] = answer.split("\r\n\r\n");
  return Ended.refused({ status, text, after_s: Number(/^retry-after: (\d+)/im.exec(head)?.[1]) });
}
