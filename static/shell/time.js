// Run, freeze, and back through the last 60 s.

import { linkNameOf } from "./desk.js";
import { find, now, write } from "./dom.js";
import { askedOf, LANES } from "./scene.js";

export function showTime(desk) {
  find("run").onclick = () => beginRun(desk);
  find("freeze").onclick = () => freeze(desk);
  find("scrub").oninput = () => scrub(desk);
  const began = { at: new Date(), why: "" };
  desk.beganAt = () => began.at;
  desk.onRun = (why) => Object.assign(began, { at: new Date(), why });
  desk.on("tick", () => write(find("run-said"), `since ${began.at.toLocaleTimeString()}${began.why}`));
  const watch = beginAtChange(desk);
  desk.on("view", watch);
  desk.on("server", watch);
}

/** All counts begin anew. */
export function beginRun(desk) {
  begin(desk, "");
  if (desk.stage.view.frozen) freeze(desk);
}

function begin(desk, why) {
  desk.run.restart(now());
  desk.onRun(why);
  write(find("heard"), `a new run began${why}`);
}

/**
 * Figures of two feeds, two links or two intervals would be true of neither: a change of one begins a new run. A feed
 * that falls silent changes nothing: what is on the screen is being talked about.
 */
function beginAtChange(desk) {
  let last = null;
  return () => {
    if (!desk.state) return;
    const { link, ...asked } = askedOf(desk.state);
    const isSilent = !asked.source || asked.source === "quiet";
    const feed = isSilent ? (last?.feed ?? null) : asked;
    const { interval, hold } = desk.view;
    const links = [link, LANES.map((lane) => linkNameOf(desk, lane))];
    const at = { feed, link: links, interval: [interval, hold] };
    const isOther = (part) => last[part] !== null && JSON.stringify(at[part]) !== JSON.stringify(last[part]);
    const changed = last && Object.keys(at).find(isOther);
    last = at;
    if (changed) begin(desk, `, new ${changed}`);
  };
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
