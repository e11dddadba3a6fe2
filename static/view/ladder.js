// The ladder: for each lane the rail of the client and the rail of the server, and what really went between them.
//
//   c ──◆───────────────■──   ╲ a request going up      ● carries events     ▒ held by the server
//      ╲ ╱            ╱       ╱ an answer coming down   ○ carries none       ✕ failed, refused, cut
//   s ──○───▒▒▒▒▒▒▒▒▒●────    slanted by its real one-way time
//
// An end that nobody saw is not drawn. A line with one end is open: the other is not known yet.

import { timeOfDay } from "./dom.js";
import { drawLit } from "./lit.js";
import { read, rowOf, ROW_NAMES } from "./passage.js";
import { drawLane } from "./rungs.js";
import { stampOf } from "./stamps.js";
import { Surface } from "./surface.js";

/** A passage that began so long before the left edge may still reach into the picture: an answer over a slow link. */
const REACH_MS = 5000;

/** Above the first labels: the ring of who walks here by keys is 3 px. */
const TOP_PX = 5;

export class Ladder {
  every_ms = 0;
  #seen = [];
  stamps = new Map();
  /** Where each lane's last label is. */
  labelled = {};
  #span = 0;
  #isLive = null;

  get lanes() {
    return [...this.run.lanes.values()];
  }

  constructor(host, run, view) {
    [this.run, this.view] = [run, view];
    this.surface = new Surface(host, {
      label: "ladder: requests, holds, answers and frames of each lane on one time axis; arrow keys walk through them",
      idle: "╲ request · ╱ answer, frame · ▒ held · ● carries events · ○ none · ✕ failed · bytes down above, up below",
      rows: () => [ROW_NAMES, ...this.lanes.flatMap((lane) => this.visible(lane).map((passage) => rowOf(run, passage)))],
      step: (by) => this.#walk(by),
      point: (name, x, y) => this.#point(name, x, y),
    });
  }

  x(ms) {
    return this.right - (this.right_ms - ms) * this.px_per_ms;
  }

  xOf(server_us) {
    return this.x(this.run.browserMs(server_us));
  }

  #layout(context) {
    const { width, height, theme } = this.surface;
    this.left = context.measureText("c").width + 10;
    this.right = width - 8;
    this.row = (height - theme.size - 8 - TOP_PX) / this.lanes.length;
    this.hasRoom = this.row > 5 * theme.size;
    this.digit = context.measureText("0").width;
    this.px_per_ms = (this.right - this.left) / (1000 * this.view.span_s);
    this.stamps.clear();
    for (const { name } of this.lanes) {
      this.stamps.set(name, [false, true].map((isHollow) => stampOf(this.surface, name, 5.5, isHollow)));
    }
  }

  rails(index) {
    const { size } = this.surface.theme;
    const top = TOP_PX + index * this.row;
    return [Math.round(top + size + 6), Math.round(top + this.row - (this.hasRoom ? size : 0) - 7)];
  }

  /** What does not move: rails, their letters, seconds ago. */
  #drawGround(context) {
    this.#layout(context);
    const { theme, height } = this.surface;
    context.lineWidth = 1;
    this.lanes.forEach((_, index) => {
      this.rails(index).forEach((y, end) => {
        context.fillStyle = theme.faint;
        context.fillText(end ? "s" : "c", 4, y + theme.size / 3);
        context.fillRect(this.left, y, this.right - this.left, 1);
      });
      context.fillStyle = theme.line;
      if (index) context.fillRect(0, Math.round(TOP_PX + index * this.row), this.right + 8, 1);
    });
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((s) => s * 1000 * this.px_per_ms > 8 * this.digit) ?? 30;
    context.textAlign = "center";
    for (let s = 0; s <= this.view.span_s + 1e-9; s += step) {
      const x = this.right - s * 1000 * this.px_per_ms;
      context.fillStyle = theme.line;
      context.fillRect(Math.round(x), 0, 1, height - theme.size - 6);
      context.fillStyle = theme.ink;
      context.textAlign = x < 3 * this.digit ? "left" : "center";
      const text = `−${+s.toFixed(1)} s`;
      const isFree = x + context.measureText(text).width / 2 < this.right - this.#edge().width;
      if (s > 0 && isFree) context.fillText(text, x, height - 5);
    }
  }

  /** Passages that may be seen, in the order they were heard of; the array is used again. */
  visible(lane) {
    const { passages } = lane;
    const left_ms = this.right_ms - 1000 * this.view.span_s - REACH_MS;
    let first = passages.end;
    while (first > passages.begin && passages.get(first - 1).order >= left_ms) first -= 1;
    this.#seen.length = 0;
    for (let number = first; number < passages.end; number += 1) {
      const passage = passages.get(number);
      if (passage.at <= this.right_ms) this.#seen.push(passage);
    }
    return this.#seen;
  }

  draw(right_ms, isLive) {
    this.right_ms = right_ms;
    if (this.#span !== this.view.span_s || this.#isLive !== isLive) this.surface.isStale = true;
    [this.#span, this.#isLive] = [this.view.span_s, isLive];
    const context = this.surface.begin((pen) => this.#drawGround(pen));
    if (!context) return;
    context.font = this.surface.theme.font(this.surface.theme.size);
    context.save();
    context.beginPath();
    context.rect(this.left, 0, this.surface.width - this.left, this.surface.height);
    context.clip();
    this.lanes.forEach((lane, index) => drawLane(this, context, lane, this.rails(index)));
    drawLit(this, context);
    context.restore();
    context.fillStyle = this.surface.theme.ink;
    context.textAlign = "right";
    context.fillText(this.#edge().text, this.surface.width - 5, this.surface.height - 5);
  }

  /** When the right edge is, and how much of the axis is left for that. */
  #edge() {
    const text = this.#isLive ? "¼ s ago" : timeOfDay(this.right_ms);
    return { text, width: (text.length + 2) * this.digit };
  }

  /** The passage nearest to a place, no farther than a finger is wide. */
  #nearest(x, y) {
    const index = Math.min(this.lanes.length - 1, Math.floor((y - TOP_PX) / this.row));
    if (!(index >= 0)) return null;
    const [client, server] = this.rails(index);
    const part = Math.min(1, Math.max(0, (y - client) / (server - client)));
    let [best, distance] = [null, 16];
    for (const passage of this.visible(this.lanes[index])) {
      const ends = [this.x(passage.client_at), this.xOf(passage.server_us)];
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
      const all = this.visible(next);
      const at = selected && by[1] === 0 ? all.indexOf(selected) + by[0] : all.length - 1;
      this.#select(all[Math.min(all.length - 1, Math.max(0, at))] ?? null);
    }
    return this.surface.output.textContent;
  }
}
