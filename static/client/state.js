// A lane's state in words, from what is known of it.
//
//   off · connecting · live · waiting · refused     what this end sees
//   silent · blocked                                what only the server's marks can tell
//
// Silent: the server wrote, and nothing came: so a buffering proxy shows. Blocked: it was asked, and the server has not
// seen it: so a used-up pool of connections shows.

import { inUse, POOL } from "./pool.js";

/** A mark is at most 100 ms older than its batch; a link's round trip may be 600 ms; this is beyond both. */
const LATE_MS = 2000;

/** What is written may be under way, or be lost and sent again. */
const SILENT_MS = 3000;

const inSeconds = (ms) => `${(Math.max(0, ms) / 1000).toFixed(1)} s`;

/** `[state, text]` of a lane at this instant. */
export function stateOf(lane, at) {
  if (!lane.isOn) return ["off", "off"];
  const { back, request } = lane;
  if (back) return [back.ended.isRefused ? "refused" : "waiting", waits(back, at)];
  if (request && isUnseen(request, lane, at)) return ["blocked", blocked(request, lane, at)];
  if (request?.late_since && at - request.late_since > SILENT_MS) return ["silent", silent(request)];
  return lane.isConnected ? ["live", "live"] : ["connecting", "connecting"];
}

function waits({ ended, until }, at) {
  const text = `back in ${inSeconds(until - at)}`;
  return ended.isRefused ? `${ended.message}; ${text}` : `${text}: ${ended.message}`;
}

/** Asked, and not seen by the server: it told of later things, or no connection can be free. */
function isUnseen(request, { heardControlAt, origin, isPooled }, at) {
  if (request.isSeen || at - request.at < LATE_MS) return false;
  return heardControlAt > request.at + LATE_MS || (isPooled && inUse(origin) > POOL);
}

function blocked(request, { origin, isPooled }, at) {
  const text = `asked ${inSeconds(at - request.at)} ago, the server has not seen it`;
  return isPooled && inUse(origin) > POOL ? `${text}: all ${POOL} connections to this origin are in use` : text;
}

function silent({ isOpen, unread }) {
  const what = unread > 0 ? `the server sent ${unread}, none came` : "the server has answered, nothing came";
  return isOpen ? `open, ${what}` : what;
}
