// Long polling: ask, and be kept waiting until there is an answer (RFC 6202, section 2).
//
//   GET /longpoll?hold=0 HTTP/1.1                               once, without a position: not held
//   HTTP/1.1 204 No Content ⏎ last-event-id: 8f3k2a-1041
//
//   GET /longpoll?hold=25&last_event_id=8f3k2a-1041 HTTP/1.1    held by the server …
//
//   HTTP/1.1 200 OK ⏎ … ⏎ [{"id":"8f3k2a-1042",…}]              … until something is new: then ask again at once
//   HTTP/1.1 204 No Content                                     … or the hold time is over: ask just the same
//
// An event that comes while a request is held arrives as fast as a push. One that comes just after an answer left
// waits for the next request: three transits at worst.

import { take } from "../client/batch.js";
import { now, sleep } from "../client/now.js";

/** Who answers without news before so long does not hold what is asked: a proxy may, or a server that lets go of all. */
const UNHELD_MS = 500;

export async function subscribe(reader) {
  for (;;) {
    // Held before it has a position, it would lose what is published between a cut and its next request.
    const hold_s = reader.hasPosition ? reader.options.hold_s : 0;
    const answer = await reader.ask("/longpoll", { hold: hold_s }, { held_s: hold_s });
    const { isNews } = take(reader, answer);
    const wait_ms = answer.asked_at + UNHELD_MS - now();
    if (!isNews && 1000 * hold_s >= UNHELD_MS && wait_ms > 0) await sleep(wait_ms, reader.signal);
  }
}
