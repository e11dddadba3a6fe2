// What the page has to say: on the WebSocket of its lane, else by POST.
//
//   {"publish":"hello","ref":"7"}              {"ack":{"ref":"7","id":"8f3k2a-1043"}}
//
//   POST /publish?topic=demo HTTP/1.1          HTTP/1.1 201 Created
//   content-type: text/plain;charset=UTF-8
//
//   "hello"                                    {"id":"8f3k2a-1043"}
//
// A text/plain body without further headers is sent to another origin without a preflight: so it goes the lane's own
// way, through its link. The operator's key is a header, and would cost one: with it, it goes to the control origin.

import { enter } from "./pool.js";
import { fetchAnswer } from "./answer.js";
import { nextNumber } from "./numbers.js";
import { now } from "./now.js";
import { said } from "./ended.js";
import { tell } from "./outbox.js";

const PATIENCE_MS = 10_000;

export function publish({ lane: name, data, ref, key }, lane, config) {
  if (name !== "websocket") return post({ name, data, ref, key }, config);
  const message = { publish: data, ref: String(ref), ...(key && { key }) };
  const shown = JSON.stringify(key ? { ...message, key: "…" } : message);
  if (!lane.say(JSON.stringify(message), shown)) published(name, ref, now(), { error: "the WebSocket is not open: switch its lane on" });
}

/** An answer to what was said on a WebSocket; whether it was one. */
export function tookAnswer(lane, { at }, message) {
  const { ack, error } = message ?? {};
  if (ack) published(lane, ack.ref, at, { id: ack.id });
  else if (error) published(lane, error.ref ?? null, at, { error: String(error.message) });
}

async function post({ name, data, ref, key }, { client, control, topic, lanes }) {
  const n = nextNumber();
  const base = key ? control : lanes[name].base;
  const url = `${base}/publish?${new URLSearchParams({ topic, client, n })}`;
  const leave = enter(url);
  tell({ is: "asked", lane: "publish", n, at: now(), url });
  try {
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { at, status, bytes, text } = await fetchAnswer(url, { method: "POST", body: JSON.stringify(data), headers, signal });
    tell({ is: "answered", lane: "publish", n, at, status, bytes });
    if (status === 201) published(name, ref, at, { status, id: JSON.parse(text).id });
    else published(name, ref, at, { status, error: said(text) });
  } catch {
    const at = now();
    tell({ is: "failed", lane: "publish", n, at, error: "no answer" });
    published(name, ref, at, { error: "no answer: it may or may not have been published" });
  } finally {
    leave();
  }
}

function published(lane, ref, at, { id = null, error = null, status = null }) {
  tell({ is: "published", lane, ref, at, id, error, status });
}
