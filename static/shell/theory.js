// Guess first, then look: `g` places a guess on the latency axis, `e` shows what theory says.

import { duration } from "../chart/figures.js";
import { linkOf } from "./desk.js";
import { find, write } from "./dom.js";
import { notice, remark } from "./notices.js";
import { bearer } from "./operator.js";
import { LANES } from "./scene.js";

export function showTheory(desk) {
  let shownFor;
  const refresh = async () => {
    const { view, state } = desk;
    find("theory").ariaPressed = view.theory;
    find("guess").disabled = view.theory;
    const asked = view.theory && state?.source ? JSON.stringify(LANES.map((lane) => queryOf(desk, lane))) : "";
    if (asked === shownFor) return;
    shownFor = asked;
    const theory = asked ? await theoryOf(desk) : null;
    if (shownFor !== asked) return;
    desk.stage.view.theory = theory;
    desk.stage.redraw();
  };
  desk.on("view", refresh);
  desk.on("server", refresh);
  desk.on("tick", refresh);
  find("theory").onclick = () => toggleTheory(desk);
  find("guess").oninput = () => place(desk);
}

export function toggleTheory(desk) {
  if (!desk.view.theory && !desk.state?.source) remark("theory", "theory needs a source that the server plays");
  notice("guess");
  desk.change({ theory: !desk.view.theory });
}

/** The first time it appears, the second it goes; between, arrow keys and pointer move it. */
export function guess(desk) {
  const label = find("guess-label");
  label.hidden = !label.hidden;
  if (label.hidden) desk.stage.view.guess_us = null;
  else place(desk);
  notice("guess");
  if (label.hidden) return desk.stage.redraw();
  if (desk.view.theory) remark("guess", "theory is on the screen already: `e` hides it");
  find("guess").focus();
}

function place(desk) {
  const us = 10 ** find("guess").valueAsNumber;
  desk.stage.view.guess_us = us;
  write(find("guess-said"), duration(us));
  find("guess").ariaValueText = duration(us);
  desk.stage.redraw();
}

function queryOf(desk, lane) {
  const { source, rate, size } = desk.state.source;
  const { interval, hold } = desk.view;
  const floor = desk.state.poll_floor_ms ?? 0;
  const http = desk.run.lanes.get(lane)?.is_http2 ? 2 : 1;
  return `${new URLSearchParams({ source, rate, size, interval_ms: Math.max(interval, floor), hold_s: hold, http, link: linkOf(desk, lane).spec, ...given(desk.run) })}`;
}

/** Of an event's bytes: those of what came, over all lanes. */
function given(run) {
  const sum = (key) => [...run.lanes.values()].reduce((total, lane) => total + lane[key], 0);
  const [newest] = run.events(1);
  return newest && sum("delivered") ? { payload: Math.round(sum("payload_bytes") / sum("delivered")), id_bytes: newest.id.length } : {};
}

/** Each lane's, on the link that it takes. */
async function theoryOf(desk) {
  const queries = LANES.map((lane) => [lane, queryOf(desk, lane)]);
  const answers = new Map();
  for (const query of new Set(queries.map(([, query]) => query))) answers.set(query, await ask(query));
  const failed = [...answers.values()].find((answer) => answer.error);
  notice("theory", failed && `no theory: ${failed.error}`);
  return { lanes: Object.fromEntries(queries.map(([lane, query]) => [lane, answers.get(query).lanes?.[lane] ?? null])) };
}

async function ask(query) {
  try {
    return await (await fetch(`/theory?${query}`, { headers: bearer() })).json();
  } catch (error) {
    return { error: error.message };
  }
}
