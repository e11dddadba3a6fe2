// What the page has to say: on the WebSocket of its lane, where it has one, else by POST.
//
//   {"publish":"hello","ref":"7"}              {"ack":{"ref":"7","id":"8f3k2a-1043"}}
//
//   POST /publish?topic=demo HTTP/1.1          HTTP/1.1 201 Created
//   content-type: text/plain;charset=UTF-8
//
//   "hello"                                    {"id":"8f3k2a-1043"}
//
// A text/plain body goes to another origin without a preflight: so the POST takes the lane's own way, through its link.
// The operator's key is a header, and would cost one: with it, the POST goes to the control origin.

import { askAside } from "./answer.js";
import { now } from "./now.js";
import { byteLength } from "./reader.js";
import { said } from "./ended.js";
import { tell } from "./outbox.js";

export function publish({ lane: name, data, ref, key }, lane, config) {
  if (name !== "websocket" && !lane.reader.say) return post({ name, data, ref, key }, config);
  const message = { publish: data, ref: String(ref), ...(key && { key }) };
  // What is shown may be exported: it never holds the key.
  const shown = JSON.stringify(key ? { ...message, key: "…" } : message);
  const wasSaid = lane.say(JSON.stringify(message), shown);
  if (!wasSaid) published(name, ref, { error: "the WebSocket is not open: switch its lane on" });
}

/** Takes the answer to what was said on a WebSocket. */
export function tookAnswer(name, at, message) {
  const { ack, error } = message ?? {};
  const bytes = byteLength(JSON.stringify(message));
  if (ack) published(name, ack.ref, { at, bytes, id: ack.id });
  else if (error) published(name, error.ref ?? null, { at, bytes, error: String(error.message) });
}

async function post({ name, data, ref, key }, { client, token, control, topic, lanes }) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const body = JSON.stringify(data);
  const base = key ? control : lanes[name].base;
  const answer = await askAside(base, "publish", { topic, client, token }, { method: "POST", body, headers });
  const { n, at, status, text } = answer;
  if (!status) return published(name, ref, { n, error: "no answer: it may or may not have been published" });
  published(name, ref, status === 201 ? { n, at, status, id: JSON.parse(text).id } : { n, at, status, error: said(text) });
}

/** `n` is the number of the POST: a WebSocket makes no request for it; `bytes` is how long its answer was. */
function published(lane, ref, { n = null, at = now(), bytes = null, id = null, error = null, status = null }) {
  tell({ is: "published", lane, ref, n, at, bytes, id, error, status });
}
