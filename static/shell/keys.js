// The keyboard: one table, from which the help is written.

import { find, make } from "./dom.js";
import { sendOne } from "./feed.js";
import { toggle } from "./lanes.js";
import { LANES } from "./scene.js";
import { changeText, changeTheme } from "./sight.js";
import { guess, toggleTheory } from "./theory.js";
import { beginRun, freeze } from "./time.js";

const KEYS = [
  [" ", "space", "freeze, and go on", freeze],
  ["r", "r", "begin a new run: all counts anew", beginRun],
  ...LANES.map((lane, index) => [`${index + 1}`, `${index + 1}`, `${lane} on or off`, (desk) => toggle(desk, lane)]),
  ["s", "s", "send one event", sendOne],
  ["g", "g", "place a guess on the latency axis; arrow keys move it", guess],
  ["e", "e", "show what theory says", toggleTheory],
  ["t", "t", "dark or light", changeTheme],
  ["+", "+", "larger text", (desk) => changeText(desk, 1)],
  ["-", "-", "smaller text", (desk) => changeText(desk, -1)],
  ["?", "?", "this help", () => find("keys").showModal()],
  ["Escape", "Esc", "close what is open", closeDrawer],
];

export function showKeys(desk) {
  find("keys").querySelector("dl").append(
    ...KEYS.map(([, name, does]) => make("div", {}, make("dt", {}, make("kbd", { textContent: name })), make("dd", { textContent: does }))),
  );
  find("help").onclick = () => find("keys").showModal();
  document.addEventListener("keydown", (event) => {
    const [, , , act] = KEYS.find(([key]) => key === (event.key === "=" ? "+" : event.key)) ?? [];
    if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    event.preventDefault();
    act(desk);
  });
  // Whoever clicks goes on with the keys of the page, not with the button; whoever tabs stays where they are.
  document.addEventListener("click", ({ detail, target }) => detail > 0 && target.closest("button, summary, [type=checkbox]")?.blur());
  document.addEventListener("pointerdown", ({ target }) => target.closest("header details") ?? closeDrawer());
}

/** Whether the key means something where the focus is. */
function isTaken({ key, target }) {
  if (key === "Escape") return document.querySelector("dialog[open]") !== null;
  if (document.querySelector("dialog[open]")) return true;
  if (target.closest("select, textarea, input:not([type=checkbox], [type=range])")) return true;
  return key === " " && target.closest("button, summary, a, input:not([type=range])") !== null;
}

function closeDrawer() {
  const open = document.querySelector("header details[open]");
  if (!open) return;
  if (open.contains(document.activeElement)) open.querySelector("summary").focus();
  open.open = false;
}
