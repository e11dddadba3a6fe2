// One request whose answer has an end, read to that end.

import { Ended } from "./ended.js";
import { now } from "./now.js";

const decoder = new TextDecoder();

/** Stamped when the last byte is there. `no-store`: an answer out of the browser's cache would be no measurement. */
export async function fetchAnswer(url, options) {
  const response = await fetch(url, { cache: "no-store", ...options });
  const body = await response.arrayBuffer();
  const at = now();
  return {
    at,
    status: response.status,
    bytes: body.byteLength,
    text: decoder.decode(body),
    position: response.headers.get("last-event-id"),
    after_s: Number(response.headers.get("retry-after")),
  };
}

/** Why `fetch` threw. It tells no more than that there was no answer. */
export function whyNot(wrong) {
  return wrong instanceof Ended ? wrong : Ended.lost();
}
