// Two-way: the chat of every tutorial, and what it costs on each transport.
//
//   click ─▶ POST, or a frame ─▶ server ─▶ the event, on the lane that it was said on        delivered after …
//            up: its head, body            down: the 201, or the ack                         bytes, at the server's socket

import { duration } from "../chart/figures.js";
import { HEAD } from "../run/data.js";
import { publishing } from "./desk.js";
import { find, make, now, offer, write } from "./dom.js";
import { glyph } from "./lanes.js";
import { theKey } from "./operator.js";
import { LANES } from "./scene.js";

/** So many messages are kept on the page. */
const KEPT = 50;

/** An event may be here before the answer that names it: so many arrivals are remembered. */
const REMEMBERED = 500;

export function showTalk(desk) {
  const form = find("talk-form");
  const talk = { desk, sent: new Map(), posts: new Map(), arrived: new Map(), ids: new Set() };
  const rows = LANES.map(makeRow);
  form.onsubmit = (event) => {
    const at = now();
    event.preventDefault();
    say(talk, form, at);
    rows.forEach(({ show }) => show(talk));
  };
  const offerLanes = () => {
    find("talk-rows").replaceChildren(...rows.filter(({ lane }) => desk.run.lanes.has(lane)).map(({ row }) => row));
    render(desk, form);
  };
  desk.on("view", offerLanes);
  desk.on("server", offerLanes);
  desk.on("entries", (entries) => {
    for (const entry of entries) HEAR[entry.is]?.(talk, entry);
    if (talk.sent.size) rows.forEach(({ show }) => show(talk));
  });
  offerLanes();
}

function render(desk, form) {
  const why = publishing(desk);
  form.querySelector("fieldset").disabled = why !== "";
  write(form.querySelector(".why"), why);
  const on = LANES.filter((lane) => lane in desk.view.lanes);
  offer(form.elements.by, [["", "every lane that is on"], ...on.map((lane) => [lane])]);
}

let refs = 0;

/** On each lane of its own: so many lanes, so many messages. */
function say({ desk, sent }, form, at) {
  const { text, by } = form.elements;
  const lanes = by.value ? [by.value] : LANES.filter((lane) => lane in desk.view.lanes);
  write(form.querySelector(".said"), lanes.length ? "" : "no lane is on: press 1 to 5");
  for (const lane of lanes) {
    const ref = `${++refs}`;
    const key = desk.state.publish === "operator" ? theKey() : undefined;
    sent.set(lane, { ref, at, state: "sent" });
    desk.send({ publish: { lane, data: { message: text.value }, ref, key } });
  }
  if (lanes.length) text.value = "";
}

const HEAR = {
  event(talk, { lane, id, at, json }) {
    keep(talk.arrived, `${lane} ${id}`, at);
    deliver(talk, lane);
    if (talk.ids.has(id)) return;
    talk.ids.add(id);
    if (talk.ids.size > REMEMBERED) talk.ids.delete(talk.ids.values().next().value);
    showMessage(json);
  },
  published(talk, { lane, ref, n, id, error }) {
    const message = talk.sent.get(lane);
    if (message?.ref !== ref) return;
    Object.assign(message, { n, id, state: error ?? "published" });
    deliver(talk, lane);
  },
  said(talk, { lane, text }) {
    const message = talk.sent.get(lane);
    if (message && text.includes(`"ref":"${message.ref}"`)) message.isSaid = true;
  },
  marks(talk, { marks }) {
    for (const mark of marks ?? []) {
      if (mark.lane === "publish") weighPost(talk.posts, mark);
      else weighFrame(talk.sent.get(mark.lane), mark, talk.desk.run.lanes.get(mark.lane)?.is_http2);
    }
  },
};

function keep(map, key, value) {
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value);
}

function deliver({ sent, arrived }, lane) {
  const message = sent.get(lane);
  const at = message?.id && arrived.get(`${lane} ${message.id}`);
  if (at) message.after_ms ??= at - message.at;
}

/** A mark may be here before the answer that tells whose it is. */
function weighPost(posts, { n, what, http = 0, body = 0 }) {
  const post = posts.get(n) ?? { up: 0, down: 0 };
  post[what === "answered" || what === "wrote" ? "down" : "up"] += http + body;
  keep(posts, n, post);
}

/** The frame is what is heard after it was said; the ack is found in what was written, beside events. */
function weighFrame(message, { what, body, shown }, isHttp2) {
  if (!message?.isSaid) return;
  // Over HTTP/2 there may be less than a frame to hear: what keeps the connection going.
  if (what === "heard" && body > 0) message.up ??= body;
  const ack = what === "wrote" && shown && /\{"(ack|error)":\{"ref":"(\d+)".*?\}\}/.exec(atob(shown));
  if (ack?.[2] !== message.ref) return;
  const frame = ack[0].length + (ack[0].length < 126 ? 2 : 4);
  message.down = isHttp2 && body === frame + HEAD ? body : frame;
}

function makeRow(lane) {
  const cells = Array.from({ length: 4 }, () => make("td", { textContent: "–" }));
  const row = make("tr", {}, make("th", { scope: "row" }, glyph(lane), ` ${lane}`), ...cells);
  const show = ({ sent, posts }) => {
    const message = sent.get(lane);
    if (!message) return;
    const { up, down } = posts.get(message.n) ?? message;
    const after = message.after_ms === undefined ? message.state : duration(1000 * message.after_ms);
    const bytes = [up, down].map((count) => (count === undefined ? "–" : `${count} B`));
    [message.isSaid || lane === "websocket" ? "a frame" : "a POST", after, ...bytes].forEach((text, index) => write(cells[index], text));
  };
  return { lane, row, show };
}

/** What people wrote, of whatever page; what a feed plays is no message. */
function showMessage(json) {
  const { data } = JSON.parse(json);
  const text = typeof data === "string" && !/^\d*$/.test(data) ? data : data?.message;
  if (typeof text !== "string") return;
  const list = find("messages");
  list.prepend(make("li", { textContent: text }));
  if (list.childElementCount > KEPT) list.lastChild.remove();
}
