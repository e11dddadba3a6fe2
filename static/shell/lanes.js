// The two columns beside the ladder: who is on and how it is, and what this run has come to.

import { duration, inUnit, share, short } from "../chart/figures.js";
import { laneStyle } from "../chart/style.js";
import { DIRECT, linkNameOf } from "./desk.js";
import { find, make, offer, write } from "./dom.js";
import { notice } from "./notices.js";
import { AUTO } from "../fallback/terms.js";
import { LANES } from "./scene.js";

const GLYPHS = { diamond: "◆", square: "■", triangle: "▲", circle: "●", plus: "✚", star: "✱" };

/** A screen reader is told of changes at most so often. */
const HEARD_MS = 3000;

export function showLanes(desk) {
  const rows = LANES.map((lane, index) => makeRow(desk, lane, index));
  find("lanes").append(...rows.map((row) => row.lane));
  find("figures").append(...rows.map((row) => row.figures));
  const offerAuto = makeOffer(desk, rows.at(-1));
  const choose = () => {
    const isFive = AUTO in desk.view.lanes;
    if (desk.run.show(isFive)) desk.stage.redraw();
    document.querySelector("main").classList.toggle("five", isFive);
    rows.forEach((row) => row.choose());
    offerAuto();
  };
  desk.on("view", choose);
  desk.on("server", choose);
  desk.on("server", () => notice("links", unknownLinks(desk)));
  desk.on("view", () => notice("lanes", Object.keys(desk.view.lanes).length === 0 && "no lane is on: press 1 to 5"));
  desk.on("tick", () => rows.forEach((row) => row.count()));
  desk.on("entries", hear(desk, rows));
}

function unknownLinks({ view, state }) {
  const names = ["", DIRECT, ...(state.links ?? []).map((link) => link.name)];
  const unknown = Object.entries(view.lanes).filter(([, name]) => !names.includes(name));
  const taken = names[2] ?? DIRECT;
  return unknown.map(([lane, name]) => `asked ${lane} over link \`${name}\`, which is not there: took \`${taken}\``).join(" · ");
}

/** On or off. */
export function toggle(desk, lane, link = desk.view.lanes[lane] ?? "") {
  const { [lane]: was, ...others } = desk.view.lanes;
  desk.change({ lanes: was === undefined ? { ...others, [lane]: link } : others });
}

export function glyph(lane) {
  const mark = make("span", { className: "glyph", ariaHidden: "true", textContent: GLYPHS[laneStyle(lane).marker] });
  mark.dataset.lane = lane;
  return mark;
}

/** What is off to begin with has a row only while it is on; else it is offered above the rows. */
function makeOffer(desk, { lane: row, figures }) {
  const on = make("input", { type: "checkbox" });
  const offered = make("label", { className: "tick" }, on, glyph(AUTO), ` ${AUTO} `, make("kbd", { textContent: LANES.length }));
  find("lanes-name").parentElement.append(offered);
  on.onchange = () => {
    toggle(desk, AUTO);
    row.querySelector("input").focus();
  };
  return () => {
    on.checked = false;
    offered.hidden = AUTO in desk.view.lanes;
    row.hidden = figures.hidden = !offered.hidden;
  };
}

function makeRow(desk, lane, index) {
  const on = make("input", { type: "checkbox", onchange: () => toggle(desk, lane) });
  const state = make("p", { className: "state" });
  const link = make("select", { ariaLabel: `link of ${lane}` });
  link.onchange = () => desk.change({ lanes: { ...desk.view.lanes, [lane]: link.value } });
  const name = make("label", { className: "tick" }, on, glyph(lane), ` ${lane} `, make("kbd", { textContent: index + 1 }));
  const [p50, error, ...rest] = ["span", "small", "p", "p", "p"].map((name) => make(name));
  const title = make("h3", {}, glyph(lane), make("span", { className: "unseen", textContent: lane }), p50, error);
  const choose = () => {
    on.checked = lane in desk.view.lanes;
    const links = desk.state?.links ?? [];
    offer(link, [...links.map(({ name }) => [name]), [DIRECT, "no link"]]);
    link.value = linkNameOf(desk, lane);
    link.hidden = links.length === 0 || !on.checked;
  };
  const count = () => {
    const { state: word, text } = desk.run.lanes.get(lane) ?? {};
    const said = text && word !== "off" ? text : idle(desk, lane);
    write(state, said);
    state.title = said;
    state.dataset.state = word ?? "off";
    countInto([p50, error, ...rest], desk.run, lane);
  };
  return { lane: make("li", {}, name, state, link), figures: make("li", {}, title, ...rest), choose, count };
}

/** Why a lane asks nothing. */
function idle({ view, state, isRefused }, lane) {
  if (!(lane in view.lanes)) return "off";
  if (isRefused) return "refused: no valid token; asks when there is one";
  return state ? "off" : "asks when the server has said what it is at";
}

function countInto([p50, error, asks, over, whole], run, lane) {
  const { n, hollow, p50_us, requests_per_event, empty_share, lost, doubled, gaps, bytes_per_event } = run.figures(lane);
  const { envelope, http_down, http_up } = bytes_per_event ?? {};
  write(p50, p50_us === null ? "p50 –" : `p50 ${duration(p50_us)}`);
  write(error, p50_us === null || !run.clock ? "" : `±${duration(run.clock.error_us)}`);
  const requests = known(requests_per_event, (value) => `${short(value.toFixed(2))} requests an event`);
  const empty = known(empty_share, (value) => `empty ${share(Math.round(value * 100) / 100)}`);
  write(asks, [requests, empty].filter(Boolean).join(" · ") || "–");
  const heads = http_down === null || http_up === null ? null : http_down + http_up;
  write(over, `${inUnit(envelope, "bytes")} over · ${inUnit(heads, "bytes")} heads${hollow > 0 ? ` · ${hollow} hollow` : ""}`);
  write(whole, `n ${n} · ${lost} lost · ${doubled} doubled · ${gaps} gaps`);
  whole.classList.toggle("loud", lost + doubled + gaps > 0);
}

const known = (value, text) => (value === null || value === undefined ? "" : text(value));

/** States change at once before the eyes; for the ears, the words that hold after a while, together. */
function hear(desk, rows) {
  const told = {};
  let timer = null;
  const tell = () => {
    timer = null;
    const news = [...desk.run.lanes.keys()].filter((lane) => told[lane] !== desk.run.lanes.get(lane)?.state);
    for (const lane of news) told[lane] = desk.run.lanes.get(lane)?.state;
    write(find("heard"), news.map((lane) => `${lane} ${told[lane]}`).join(", "));
  };
  return (entries) => {
    if (!entries.some((entry) => entry.is === "state")) return;
    rows.forEach((row) => row.count());
    timer ??= setTimeout(tell, HEARD_MS);
  };
}
