// The request that a lane waits for: what is known of it at this end and, by its marks, at the server.

import { Ended } from "./ended.js";
import { messageIn } from "../run/data.js";
import { now } from "./now.js";
import { parseId } from "./stand.js";

/** Where an event begins, in the bytes of whichever transport. */
const BEGINNING = /\{"id":"([0-9a-z]{6}-\d+)","topic"/g;

export class Request {
  isOpen = false;
  /** How many events the server was seen to write that have not come, and since when something is due. */
  unread = 0;
  due_since = null;
  #newest = null;
  /** Where the server saw it last. A browser sends it once more where a connection was cut before it was answered. */
  #connection = null;
  isClosed = false;

  /** It is queued where all connections were in use when it was asked. */
  constructor(n, at, isNamed, isQueued) {
    Object.assign(this, { n, at, isNamed, isQueued, isSeen: false });
  }

  /** Something came: what is still missing is due from now on. */
  came(stand) {
    this.isSeen = this.isOpen = true;
    this.#compare(stand);
    this.due_since = this.unread > 0 ? now() : null;
  }

  #compare(stand) {
    const ahead = this.#newest ? stand.distanceTo(this.#newest) : 0;
    if (!Number.isNaN(ahead)) this.unread = Math.max(0, Math.min(this.unread, ahead));
  }

  /** Takes a mark; returns what it tells that a browser hides. */
  mark({ what, connection, status, shown, body }, stand) {
    this.isSeen = true;
    if (what === "arrived") this.#connection = connection;
    this.isClosed = what === "closed" && connection === this.#connection;
    // What keeps a connection of HTTP/2 going brings no event.
    if (what !== "answered" && !(what === "wrote" && body > 0)) return {};
    const text = atob(shown ?? "");
    for (const [, id] of text.matchAll(BEGINNING)) {
      this.#newest = parseId(id);
      this.unread += 1;
    }
    this.#compare(stand);
    if (this.unread > 0 || !this.isOpen) this.due_since ??= now();
    // Over HTTP/2 a frame's head stands before it. No event's line ends in a digit.
    return { retry_ms: Number(/retry: (\d+)$/m.exec(text)?.[1]), refused: status >= 400 && refusal(status, text) };
  }
}

function refusal(status, answer) {
  const over2 = messageIn(answer);
  const [head, text = ""] = over2 ? [answer.slice(0, over2.fields), answer.slice(over2.body)] : answer.split("\r\n\r\n");
  return Ended.refused({ status, text, after_s: Number(/^retry-after: (\d+)/im.exec(head)?.[1]) });
}
