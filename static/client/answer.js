// One request whose answer has an end, read to that end.

import { enter } from "./pool.js";
import { now } from "./now.js";
import { tell } from "./outbox.js";
import { forEyes, withToken } from "./token.js";

/** An answer that is not there so long after it is due is given up. */
export const PATIENCE_MS = 10_000;

const decoder = new TextDecoder();
let last = 0;

/** The number of a request of this page, over all lanes, from 1: by it the server's marks are matched. */
export const nextNumber = () => ++last;

/** Stamped when the last byte is there. `no-store`: an answer out of the browser's cache would measure nothing. */
export async function fetchAnswer(url, options) {
  const response = await fetch(url, { cache: "no-store", ...options });
  const body = await response.arrayBuffer();
  const at = now();
  const { status, headers } = response;
  const [position, after_s] = [headers.get("last-event-id"), Number(headers.get("retry-after"))];
  return { at, status, bytes: body.byteLength, text: decoder.decode(body), position, after_s };
}

/** A request of no lane, `time` or `publish`; without a `status` where it got no answer. */
export async function askAside(base, lane, { token, ...query }, options) {
  const n = nextNumber();
  const bare = `${base}/${lane}?${new URLSearchParams({ ...query, n })}`;
  const url = withToken(bare, token);
  const leave = enter(url);
  const asked_at = now();
  tell({ is: "asked", lane, n, at: asked_at, url: forEyes(bare, token) });
  try {
    const answer = await fetchAnswer(url, { signal: AbortSignal.timeout(PATIENCE_MS), ...options });
    tell({ is: "answered", lane, n, at: answer.at, status: answer.status, bytes: answer.bytes });
    return { n, asked_at, ...answer };
  } catch {
    tell({ is: "failed", lane, n, at: now(), error: "no answer" });
    return { n, asked_at };
  } finally {
    leave();
  }
}
