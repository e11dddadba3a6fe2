// The JSON array that `poll` and `longpoll` share. The elements are the payload, byte for byte; the brackets and the
// commas are the envelope.
//
//   [{"id":"8f3k2a-1042",…},{"id":"8f3k2a-1043",…}]

import { Ended } from "./ended.js";

/** An answer ends at so many events or bytes, whichever comes first; then there may be more. */
const FULL_EVENTS = 1000;
const FULL_BYTES = 1 << 20;

/** Hands on what an answer brought; tells whether that was news, and whether more of it waits. */
export function take(reader, answer) {
  if (answer.status !== 200 && answer.status !== 204) throw Ended.refused(answer);
  const messages = answer.status === 200 ? elements(answer.text) : [];
  const before = reader.stand.id;
  reader.connected(answer.asked_at);
  reader.took(answer.n, answer.at, messages);
  reader.standsAt(answer.n, answer.at, answer.position);
  // Who sends the same again leads nowhere, however much it is.
  const isNews = reader.stand.id !== before;
  return { isNews, isMore: isNews && (messages.length >= FULL_EVENTS || answer.bytes >= FULL_BYTES) };
}

/** The elements of an array, each in the very text it came in. */
export function elements(text) {
  try {
    JSON.parse(text);
  } catch (wrong) {
    throw Ended.unreadable(wrong.message);
  }
  const array = text.trim();
  if (array[0] !== "[") throw Ended.unreadable("it is no array");
  return array.length > 2 ? split(array) : [];
}

/** Cuts at the commas that are in no string and in no inner bracket. */
function split(array) {
  const found = [];
  let [depth, start, inString] = [0, 1, false];
  for (let at = 1; at < array.length - 1; at += 1) {
    const letter = array[at];
    if (letter === "\\") at += 1;
    else if (letter === '"') inString = !inString;
    else if (inString) continue;
    else if (letter === "{" || letter === "[") depth += 1;
    else if (letter === "}" || letter === "]") depth -= 1;
    else if (letter === "," && depth === 0) {
      found.push(array.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, array.slice(start, -1)];
}
