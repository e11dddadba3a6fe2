// The ladder: for each lane the rail of the client and the rail of the server, and what really went between them.
//
//   c ──◆───────────────■──   ╲ a request going up      ● carries events     ▒ held by the server
//      ╲ ╱            ╱       ╱ an answer coming down   ○ carries none       ✕ failed, refused, cut
//   s ──○───▒▒▒▒▒▒▒▒▒●────    slanted by its real one-way time
//
// An end that nobody saw is not drawn. A line with one end is open: the other is not known yet.

import { laneColour } from "../chart/style.js";
import { timeOfDay } from "./dom.js";
import { inMs, read, rowOf, ROW_NAMES } from "./passage.js";
import { drawStamp, stampOf } from "./stamps.js";
import { Surface } from "./surface.js";

/** A passage that began so long before the left edge may still reach into the picture: an answer over a slow link. */
const REACH_MS = 5000;

/** How far an open line is drawn. */
const OPEN_PX = 30;

const STROKE = 3;
const DOT = 4;

export class Ladder {
  every_ms = 0;
  #seen = [];
  #stamps = new Map();
  #span = 0;

  constructor(host, run, view) {
    [this.run, this.view] = [run, view];
    this.lanes = [...run.lanes.values()];
    this.surface = new Surface(host, {
      label: "ladder: requests, holds, answers and frames of each lane on one time axis; arrow keys walk through them",
      idle: "╲ request · ╱ answer, frame · ▒ held · ● carries events · ○ none · ✕ failed · bytes down above, up below",
      rows: () => [ROW_NAMES, ...this.lanes.flatMap((lane) => this.#visible(lane).map((passage) => rowOf(run, passage)))],
      step: (by) => this.#walk(by),
      point: (name, x, y) => this.#point(name, x, y),
    });
  }

  get isStale() {
    return this.surface.isStale || this.#span !== this.view.span_s;
  }

  #x(ms) {
    return this.right - (this.right_ms - ms) * this.px_per_ms;
  }

  #layout(context) {
    const { width, height, theme } = this.surface;
    this.left = context.measureText("c").width + 8;
    this.right = width - 8;
    this.row = (height - theme.size - 8) / this.lanes.length;
    this.hasRoom = this.row > 5 * theme.size;
    this.digit = context.measureText("0").width;
    this.px_per_ms = (this.right - this.left) / (1000 * this.view.span_s);
    this.#stamps.clear();
    for (const { name } of this.lanes) {
      this.#stamps.set(name, [false, true].map((isHollow) => stampOf(this.surface, name, 5.5, isHollow)));
    }
  }

  #rails(index) {
    const { size } = this.surface.theme;
    const top = index * this.row;
    return [Math.round(top + size + 6), Math.round(top + this.row - (this.hasRoom ? size : 0) - 7)];
  }

  /** What does not move: rails, their letters, seconds ago. */
  #drawGround(context) {
    this.#layout(context);
    const { theme, height } = this.surface;
    context.lineWidth = 1;
    this.lanes.forEach((_, index) => {
      this.#rails(index).forEach((y, end) => {
        context.fillStyle = theme.faint;
        context.fillText(end ? "s" : "c", 2, y + theme.size / 3);
        context.fillRect(this.left, y, this.right - this.left, 1);
      });
      context.fillStyle = theme.line;
      if (index) context.fillRect(0, Math.round(index * this.row), this.right + 8, 1);
    });
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((s) => s * 1000 * this.px_per_ms > 8 * this.digit) ?? 30;
    context.textAlign = "center";
    for (let s = 0; s <= this.view.span_s + 1e-9; s += step) {
      const x = this.right - s * 1000 * this.px_per_ms;
      context.fillStyle = theme.line;
      context.fillRect(Math.round(x), 0, 1, height - theme.size - 6);
      context.fillStyle = theme.ink;
      context.textAlign = x < 3 * this.digit ? "left" : "center";
      if (s > 0) context.fillText(`−${+s.toFixed(1)} s`, x, height - 3);
    }
  }

  /** Passages that may be seen, in the order they were heard of; the array is used again. */
  #visible(lane) {
    const { passages } = lane;
    const left_ms = this.right_ms - 1000 * this.view.span_s - REACH_MS;
    let first = passages.end;
    while (first > passages.begin && passages.get(first - 1).at >= left_ms) first -= 1;
    this.#seen.length = 0;
    for (let number = first; number < passages.end; number += 1) {
      const passage = passages.get(number);
      if (passage.at <= this.right_ms) this.#seen.push(passage);
    }
    return this.#seen;
  }

  draw(right_ms) {
    this.right_ms = right_ms;
    if (this.#span !== this.view.span_s) this.surface.isStale = true;
    this.#span = this.view.span_s;
    const context = this.surface.begin((pen) => this.#drawGround(pen));
    if (!context) return;
    context.font = this.surface.theme.font(this.surface.theme.size);
    context.save();
    context.beginPath();
    context.rect(this.left, 0, this.surface.width - this.left, this.surface.height);
    context.clip();
    this.lanes.forEach((lane, index) => this.#drawLane(context, lane, index));
    this.#drawHovered(context);
    context.restore();
    this.#drawEdge(context);
  }

  #drawLane(context, lane, index) {
    const [client, server] = this.#rails(index);
    const seen = this.#visible(lane);
    const colour = laneColour(lane.name, this.surface.theme);
    context.strokeStyle = context.fillStyle = colour;
    this.#drawHolds(context, lane, seen, server);
    this.#drawLines(context, lane, seen, client, server);
    this.#drawDots(context, seen, server);
    this.#drawArrivals(context, lane, seen, client);
    this.#drawCrosses(context, seen, client, server);
    this.#drawLabels(context, lane, seen, client, server);
    if (lane.state !== "live") this.#drawState(context, lane, client);
  }

  #drawHolds(context, lane, seen, y) {
    context.globalAlpha = 0.35;
    for (const { held_us, server_us } of seen) if (held_us > 0) this.#hold(context, this.run.browserMs(held_us), this.run.browserMs(server_us), y);
    for (const exchange of this.run.open()) {
      if (exchange.lane === lane.name && exchange.held_us > 0) this.#hold(context, this.run.browserMs(exchange.held_us), this.right_ms, y);
    }
    context.globalAlpha = 1;
  }

  #hold(context, from, to, y) {
    const x = Math.max(this.left, this.#x(from));
    context.fillRect(x, y - 7, Math.max(0, this.#x(Math.min(to, this.right_ms)) - x), 14);
  }

  #drawLines(context, lane, seen, client, server) {
    context.lineWidth = STROKE;
    context.beginPath();
    for (const passage of seen) {
      const [above, below] = [passage.client_at, this.run.browserMs(passage.server_us)];
      if (above === above && below === below) {
        context.moveTo(this.#x(above), client);
        context.lineTo(this.#x(below), server);
      } else if (above !== above && (passage.kind === "answer" || passage.kind === "frame")) this.#open(context, below, server, client);
      else if (below !== below && passage.is_up && lane.has_marks && !this.run.exchange(passage.n)?.has_ended) this.#open(context, above, client, server);
    }
    context.stroke();
  }

  /** One end is known: the line begins there, and grows until it says no more than "under way". */
  #open(context, ms, from, to) {
    const x = this.#x(ms);
    const length = Math.min(OPEN_PX, this.right - x);
    if (!(length > 0)) return;
    context.moveTo(x, from);
    context.lineTo(x + length, from + ((to - from) * 0.7 * length) / OPEN_PX);
  }

  /** On the server's rail: ● what carries events, ○ what does not. */
  #drawDots(context, seen, y) {
    for (const isCarrying of [false, true]) {
      context.beginPath();
      for (const passage of seen) {
        if (passage.is_up || passage.kind === "closed" || passage.server_us !== passage.server_us || carries(passage) !== isCarrying) continue;
        const x = this.#x(this.run.browserMs(passage.server_us));
        context.moveTo(x + DOT, y);
        context.arc(x, y, DOT, 0, 2 * Math.PI);
      }
      const colour = context.fillStyle;
      if (!isCarrying) context.fillStyle = this.surface.theme.ground;
      context.fill();
      context.fillStyle = colour;
      context.lineWidth = 2;
      if (!isCarrying) context.stroke();
    }
  }

  /** On the client's rail: the lane's marker where events arrived, hollow where they are no sample. */
  #drawArrivals(context, lane, seen, y) {
    const [filled, hollow] = this.#stamps.get(lane.name);
    for (const passage of seen) {
      if (passage.events > 0 && passage.client_at <= this.right_ms) drawStamp(context, passage.is_hollow ? hollow : filled, this.#x(passage.client_at), y);
      else if (passage.client_at === passage.client_at && passage.server_us !== passage.server_us) context.fillRect(this.#x(passage.client_at) - 1, y - 5, 2, 10);
    }
  }

  #drawCrosses(context, seen, client, server) {
    context.lineWidth = STROKE;
    context.beginPath();
    for (const { kind, status, client_at, server_us } of seen) {
      if (kind === "failure" || (status >= 400 && client_at === client_at)) cross(context, this.#x(client_at), client);
      if (kind === "closed" || (status >= 400 && server_us === server_us)) cross(context, this.#x(this.run.browserMs(server_us)), server);
    }
    context.stroke();
  }

  /** Bytes down above the client's rail, bytes up below the server's, each where it has room. */
  #drawLabels(context, lane, seen, client, server) {
    context.fillStyle = this.surface.theme.ink;
    context.textAlign = "center";
    lane.labelled ??= [null, null];
    for (const passage of seen) {
      if (!passage.is_counted && passage.kind !== "gap") continue;
      const at = passage.is_up ? this.run.browserMs(passage.server_us) : passage.client_at;
      if (at !== at) continue;
      if (passage.scale !== this.px_per_ms) this.#place(lane, passage, at);
      if (passage.label && (this.hasRoom || !passage.is_up)) context.fillText(passage.label, this.#x(at), passage.is_up ? server + this.surface.theme.size + 4 : client - 8);
    }
  }

  /** Decided once for each scale, so that labels do not flicker while they move. */
  #place(lane, passage, at) {
    const track = passage.is_up ? 1 : 0;
    const last = lane.labelled[track];
    const label = passage.kind === "gap" ? passage.error : `${passage.http + passage.body} B`;
    const room = (label.length + 1.5) * this.digit;
    const isFree = !last || last.scale !== this.px_per_ms || Math.abs(at - last.at) * this.px_per_ms > room;
    passage.scale = this.px_per_ms;
    passage.label = isFree ? label : "";
    if (isFree) lane.labelled[track] = { at, scale: this.px_per_ms };
  }

  #drawState(context, lane, client) {
    const { theme, width } = this.surface;
    context.fillStyle = theme.ink;
    context.textAlign = "right";
    context.fillText(lane.text || lane.state, width - 10, client + this.row / 4);
  }

  /** The same event on every lane, and how much later than the first. */
  #drawHovered(context) {
    const { theme } = this.surface;
    const { selected, hovered } = this.view;
    context.strokeStyle = context.fillStyle = theme.ink;
    context.lineWidth = 2;
    if (selected) this.#ring(context, selected, 9);
    const event = hovered && this.run.event(hovered);
    if (!event) return;
    const first = Math.min(...Object.values(event.arrivals).map(({ at }) => at));
    this.lanes.forEach(({ name }, index) => {
      const arrival = event.arrivals[name];
      if (!arrival) return;
      const [x, [y]] = [this.#x(arrival.at), this.#rails(index)];
      context.beginPath();
      context.arc(x, y, 10, 0, 2 * Math.PI);
      context.moveTo(this.#x(first), y);
      context.lineTo(x, y);
      context.stroke();
      const text = arrival.at === first ? "first" : `+${inMs(arrival.at - first)}`;
      const left = Math.min(x + 13, this.right - (text.length + 1) * this.digit);
      context.fillStyle = theme.ground;
      context.fillRect(left - 2, y + 8, text.length * this.digit, theme.size + 2);
      context.fillStyle = theme.ink;
      context.textAlign = "left";
      context.fillText(text, left, y + theme.size + 7);
    });
    context.fillRect(this.#x(first), 0, 1, this.row * this.lanes.length);
  }

  #ring(context, passage, radius) {
    const index = this.lanes.findIndex(({ name }) => name === passage.lane);
    const ends = [passage.client_at, this.run.browserMs(passage.server_us)].map((at) => this.#x(at));
    const rails = this.#rails(index);
    context.beginPath();
    ends.forEach((x, end) => {
      if (x !== x) return;
      context.moveTo(x + radius, rails[end]);
      context.arc(x, rails[end], radius, 0, 2 * Math.PI);
    });
    context.stroke();
  }

  /** Where the right edge is, and how far the server's marks may be off, to the scale of the time axis. */
  #drawEdge(context) {
    const { theme, height, width } = this.surface;
    const error_ms = (this.run.clock?.error_us ?? NaN) / 1000;
    const half = error_ms * this.px_per_ms || 0;
    const edge = this.view.frozen || this.view.right_ms !== null ? timeOfDay(this.right_ms) : "¼ s ago";
    const text = error_ms >= 0 ? `server's marks ± ${inMs(error_ms)}` : "the server's clock is not known";
    const x = width - 4 - (edge.length + 1) * this.digit - half;
    context.fillStyle = theme.ground;
    const left = x - half - 8 - context.measureText(text).width;
    context.fillRect(left - 4, height - theme.size - 5, width - left + 4, theme.size + 5);
    context.fillStyle = theme.ink;
    context.textAlign = "right";
    context.fillText(edge, width - 2, height - 3);
    context.fillText(text, x - half - 6, height - 3);
    if (!(error_ms >= 0)) return;
    const y = height - theme.size / 2;
    context.fillRect(x - half, y - 1, Math.max(1, 2 * half), 2);
    for (const end of [x - half, x + half]) context.fillRect(end, y - 5, 1, 10);
  }

  /** The passage nearest to a place, no farther than a finger is wide. */
  #nearest(x, y) {
    const index = Math.min(this.lanes.length - 1, Math.floor(y / this.row));
    if (!(index >= 0)) return null;
    const [client, server] = this.#rails(index);
    const part = Math.min(1, Math.max(0, (y - client) / (server - client)));
    let [best, distance] = [null, 16];
    for (const passage of this.#visible(this.lanes[index])) {
      const ends = [this.#x(passage.client_at), this.#x(this.run.browserMs(passage.server_us))];
      const at = ends.some(Number.isNaN) ? ends.find((end) => end === end) : ends[0] + part * (ends[1] - ends[0]);
      if (Math.abs(at - x) < distance) [best, distance] = [passage, Math.abs(at - x)];
    }
    return best;
  }

  #point(name, x, y) {
    const found = name === "pointerleave" ? null : this.#nearest(x, y);
    if (name === "click" && found) this.#select(found);
    this.view.hovered = found?.first || null;
  }

  #select(passage) {
    this.view.selected = passage;
    this.view.hovered = passage?.first || null;
    this.surface.say(passage && read(this.run, passage));
  }

  /** Left and right along a lane, up and down between lanes; Escape lets go. */
  #walk(by) {
    if (!by) this.#select(null);
    else {
      const { selected } = this.view;
      const index = this.lanes.findIndex(({ name }) => name === selected?.lane);
      const next = this.lanes[Math.min(this.lanes.length - 1, Math.max(0, index + by[1]))];
      const all = this.#visible(next);
      const at = selected && by[1] === 0 ? all.indexOf(selected) + by[0] : all.length - 1;
      this.#select(all[Math.min(all.length - 1, Math.max(0, at))] ?? null);
    }
    return this.surface.output.textContent;
  }
}

/** Whether events are in it, as far as is known: the server's mark comes before or after the events themselves. */
function carries({ kind, events, status, body }) {
  return events > 0 || kind === "frame" || (kind === "answer" && status === 200 && body > 0);
}

function cross(context, x, y) {
  context.moveTo(x - 6, y - 6);
  context.lineTo(x + 6, y + 6);
  context.moveTo(x - 6, y + 6);
  context.lineTo(x + 6, y - 6);
}
