// The only list of transports in the browser, from the least to the most persistent.
//
// Each is one function, `subscribe(reader)`: it reads the feed from the reader's position on, over one connection's
// life, and ends by throwing why it ended. All that is the same for all is in `../client`.

import { subscribe as poll } from "./poll.js";
import { subscribe as longpoll } from "./longpoll.js";
import { subscribe as sse } from "./sse.js";
import { subscribe as websocket } from "./websocket.js";

export const TRANSPORTS = { poll, longpoll, sse, websocket };

/** Reads by one of them, and comes back after every interruption, until the signal aborts. */
export async function subscribe(read, reader, signal) {
  while (!signal.aborted) {
    reader.begin(signal);
    await read(reader).catch((ended) => reader.comeBack(ended));
  }
}
