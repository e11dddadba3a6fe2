// A lane's state in words, from what is known of it: `[state, text]`.
//
//   off · connecting · live · waiting · refused     what this end sees
//   silent · blocked                                what only the server's marks can tell
//
// Silent: the server wrote, and nothing came: so a buffering proxy shows. Blocked: it was asked, and the server has not
// seen it: so a used-up pool of connections shows.

import { isFull, POOL } from "./pool.js";

/** A mark waits up to 100 ms for its batch, and a satellite's handshake and request take 1.2 s: this is beyond both. */
const UNSEEN_MS = 2000;

/** What was written is under way; what a link lost comes again within this. */
const SILENT_MS = 3000;

const seconds = (ms) => `${(Math.max(0, ms) / 1000).toFixed(1)} s`;

export function stateOf(lane, at) {
  const { isOn, isConnected, request } = lane;
  const { back } = lane.reader;
  if (!isOn) return ["off", "off"];
  if (back) return waits(back, isUnseen(lane, request, at) ? "; the server has not seen it" : "", at);
  if (isUnseen(lane, request, at)) return ["blocked", blocked(lane, request, at)];
  if (request?.due_since && at - request.due_since > SILENT_MS) return ["silent", silent(request)];
  const { live, connecting } = lane.reader.words;
  return isConnected ? ["live", live] : ["connecting", connecting];
}

function waits({ ended, until }, unseen, at) {
  if (until === Infinity) return ["refused", ended.message];
  const text = `back in ${seconds(until - at)}: ${ended.message}`;
  return ended.isRefused ? ["refused", text] : ["waiting", `${text}${unseen}`];
}

const isQueued = ({ reader }, request) => request.isQueued && isFull(reader.options.base);

/** The server told of later things than this, or no connection can be free. */
function isUnseen(lane, request, at) {
  if (!request || request.isSeen || at - request.at < UNSEEN_MS) return false;
  return isQueued(lane, request) || (request.isNamed && lane.heardControlAt - request.at > UNSEEN_MS);
}

function blocked(lane, request, at) {
  const text = `asked ${Math.floor((at - request.at) / 1000)} s ago, the server has not seen it`;
  return isQueued(lane, request) ? `${text}: all ${POOL} connections to this origin are in use` : text;
}

function silent({ isOpen, unread }) {
  const text = unread > 0 ? `the server sent ${unread}, none came` : "the server has answered, nothing came";
  return isOpen ? `open, ${text}` : text;
}
