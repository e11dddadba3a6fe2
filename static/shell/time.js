// Run, freeze, and back through the last 60 s.

import { find, now, write } from "./dom.js";

export function showTime(desk) {
  find("run").onclick = () => beginRun(desk);
  find("freeze").onclick = () => freeze(desk);
  find("scrub").oninput = () => scrub(desk);
  const began = { at: new Date() };
  desk.beganAt = () => began.at;
  desk.onRun = () => (began.at = new Date());
  desk.on("tick", () => write(find("run-said"), `since ${began.at.toLocaleTimeString()}`));
}

/** All counts begin anew. */
export function beginRun(desk) {
  desk.run.restart(now());
  desk.onRun();
  if (desk.stage.view.frozen) freeze(desk);
  write(find("heard"), "a new run began");
}

/** Stops the pictures, not the lanes. */
export function freeze(desk) {
  const { view } = desk.stage;
  view.frozen = !view.frozen;
  view.right_ms = null;
  desk.frozenAt = now();
  find("freeze").ariaPressed = view.frozen;
  find("scrub").disabled = !view.frozen;
  find("scrub").value = 0;
  write(find("scrub-said"), view.frozen ? "frozen" : "live");
  desk.stage.redraw();
}

function scrub(desk) {
  const back = find("scrub").valueAsNumber;
  desk.stage.view.right_ms = back ? desk.frozenAt + back * 1000 : null;
  write(find("scrub-said"), back ? `${back.toFixed(1)} s` : "frozen");
  desk.stage.redraw();
}
