// What the room should know: a line each, under the header, until it is over or put away.

import { find, make, write } from "./dom.js";

/** Put away by hand: not shown again before it is over. */
const away = new Set();

/** Two lines are read in less. */
const REMARK_MS = 10_000;
const timers = {};

/** Says it for a while. */
export function remark(key, text) {
  notice(key, text);
  clearTimeout(timers[key]);
  timers[key] = setTimeout(() => notice(key), REMARK_MS);
}

/** Says it, or, without a text, that it is over. */
export function notice(key, text) {
  const shown = find("notices").querySelector(`[data-key="${key}"]`);
  if (!text) {
    away.delete(key);
    shown?.remove();
  } else if (shown) {
    write(shown.firstChild, text);
  } else if (!away.has(key)) {
    find("notices").append(makeNotice(key, text));
  }
}

function makeNotice(key, text) {
  const button = make("button", { type: "button", textContent: "×", ariaLabel: "put this notice away" });
  const line = make("p", {}, make("span", { textContent: text }), button);
  line.dataset.key = key;
  button.onclick = () => {
    away.add(key);
    line.remove();
    document.dispatchEvent(new CustomEvent("away", { detail: key }));
  };
  return line;
}
