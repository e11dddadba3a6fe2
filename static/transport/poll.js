// Polling: ask again and again whether there is something new.
//
//   GET /poll?topic=demo&last_event_id=8f3k2a-1041 HTTP/1.1     every T seconds, on one keep-alive connection
//
//   HTTP/1.1 204 No Content                                     nothing new: the request was for nothing
//   last-event-id: 8f3k2a-1041
//
//   HTTP/1.1 200 OK                                             all that came since the last time, at once
//   last-event-id: 8f3k2a-1043
//
//   [{"id":"8f3k2a-1042",…},{"id":"8f3k2a-1043",…}]
//
// An event waits for the next request: T/2 on average, T at worst. A request is due at every multiple of T, so
// that what the answers take does not stretch the interval. An answer that was cut short is followed at once.

import { take } from "../client/batch.js";

export async function subscribe(reader) {
  for (;;) {
    const answer = await reader.ask("/poll");
    const { isMore } = take(reader, answer);
    if (!isMore) await reader.pace();
  }
}
