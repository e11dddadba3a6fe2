// Server-Sent Events: ask once, and listen to an answer that does not end (HTML standard, section 9.2).
//
//   GET /sse?topic=demo&last_event_id=8f3k2a-1041 HTTP/1.1
//   accept: text/event-stream
//
//   HTTP/1.1 200 OK
//   content-type: text/event-stream
//
//   retry: 1731                          how long to wait before coming back
//   id: 8f3k2a-1041                      where this stream starts
//
//   id: 8f3k2a-1042                      an event: its id, to resume from,
//   data: {"id":"8f3k2a-1042",…}         and its payload
//
//   :                                    a comment, after 15 s of silence
//
// EventSource takes the blocks apart. It would also come back by itself, but with the address, and so with the
// number and the position, of its first request, and never after an answer that is not 200: here it is closed
// instead, and the reader comes back as it does on every lane. EventSource shows neither status, nor `retry:`, nor
// the first `id:`; so the position is asked for before, and the rest is read in the server's marks.

import { Ended } from "../client/ended.js";
import { now } from "../client/now.js";

export async function subscribe(reader) {
  await reader.findPosition();
  const { n, url } = reader.asks("/sse");
  const source = new EventSource(url);
  const take = (message) => {
    const at = now();
    reader.took(n, at, [message.data]);
  };
  source.onmessage = take;
  source.addEventListener("gap", take);
  source.onopen = () => reader.opened(n, now());
  await reader.lasts(n, () => source.close(), (end) => {
    const isRefused = () => source.readyState === EventSource.CLOSED;
    source.onerror = () => end(isRefused() ? Ended.unseen("no event stream") : Ended.lost());
  });
}
