// The distribution of a whole run, in 50 dots a lane: each stands for 2 % of the events, so that odds can be counted.
//
//   poll      ◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆◆   p50 549 ms · p95 1.00 s · p99 – · n 212
//   sse       ▲                     p50 50.2 ms …

import { inUnit } from "../chart/figures.js";
import { label, place, ticks } from "../chart/axis.js";
import { drawMarker } from "../chart/marks.js";
import { laneColour } from "../chart/style.js";
import { widen } from "./scale.js";
import { drawStamp, stampOf } from "./stamps.js";
import { Surface } from "./surface.js";

const SHARES = Array.from({ length: 50 }, (_, at) => (at + 0.5) / 50);
const RADIUS = 3;
const NAMES = ["lane", "p50", "p95", "p99", "n"];

export class Distribution {
  every_ms = 500;
  #stamps = new Map();

  get lanes() {
    return [...this.run.lanes.values()];
  }

  constructor(host, run, view, axis) {
    [this.run, this.view, this.axis] = [run, view, axis];
    this.at = -1;
    this.surface = new Surface(host, {
      label: "distribution of latency: 50 dots a lane; arrow keys read lanes out",
      idle: "a dot: 2 % of a lane's events in this run",
      rows: () => [[...NAMES, "theory p50", "p95", "p99"], ...this.lanes.map(({ name }) => this.#row(name))],
      step: (by) => this.#walk(by),
    });
  }

  #row(name) {
    const { n, ...figures } = this.run.figures(name);
    const of = (from) => ["p50_us", "p95_us", "p99_us"].map((key) => inUnit(from?.[key], "us"));
    return [name, ...of(figures), String(n), ...of(this.view.theory?.lanes?.[name])];
  }

  #walk(by) {
    this.at = by ? Math.min(this.lanes.length - 1, Math.max(0, this.at + by[0] + by[1])) : -1;
    const lane = this.lanes[this.at];
    return lane && this.#row(lane.name).map((value, at) => `${[...NAMES, "theory p50", "p95", "p99"][at]} ${value}`).join(", ");
  }

  #x(us) {
    return this.left + (this.right - this.left) * place(this.axis, Math.max(us, this.axis.low));
  }

  #drawGround(context) {
    const { theme, width, height } = this.surface;
    this.row = (height - theme.size - 10) / this.lanes.length;
    // Words beside the dots where there is room, in as many lines as there is; else above them, or few.
    this.isLow = this.row < 2.1 * theme.size;
    const beside = (words) => context.measureText(words).width + 24;
    const all = beside(`p50 88.8 ms · p95 88.8 ms${this.isLow ? " · p99 88.8 ms · n 88" : ""}`);
    this.isBrief = this.isLow && width - all <= 170;
    this.words = this.isBrief ? beside("p50 88.8 ms · p99 88.8 ms") : all;
    this.isWide = width - this.words > 170 || this.isBrief;
    [this.left, this.right] = [this.isWide ? this.words : 10, width - 14];
    let free = -Infinity;
    for (const us of ticks(this.axis).filter((us) => Number.isInteger(Math.log10(us)))) {
      context.fillStyle = theme.line;
      context.fillRect(Math.round(this.#x(us)), 0, 1, height - theme.size - 8);
      context.fillStyle = theme.ink;
      context.textAlign = us === this.axis.low && !this.isWide ? "left" : us === this.axis.high ? "right" : "center";
      const [text, x] = [label(this.axis, us), this.#x(us)];
      const half = context.measureText(text).width / 2;
      if (x - half < free) continue;
      context.fillText(text, x, height - 3);
      free = x + half + 4;
    }
    for (const { name } of this.lanes) this.#stamps.set(name, stampOf(this.surface, name, RADIUS, false));
  }

  draw() {
    const ends = this.lanes.map(({ histogram }) => histogram.quantiles([0.01, 0.99]));
    if (ends.flat().some((us) => us !== null && widen(this.axis, us)) || this.drawnAt !== `${this.axis.low} ${this.axis.high}`) this.surface.isStale = true;
    this.drawnAt = `${this.axis.low} ${this.axis.high}`;
    const context = this.surface.begin((pen) => this.#drawGround(pen));
    if (!context) return;
    const { theme } = this.surface;
    context.font = theme.font(theme.size);
    context.textAlign = "left";
    this.lanes.forEach((lane, index) => this.#drawLane(context, lane, (index + 1) * this.row, index === this.at));
    const { guess_us } = this.view;
    context.strokeStyle = theme.ink;
    context.setLineDash([8, 5]);
    if (guess_us > 0) stroke(context, [[this.#x(guess_us), 0], [this.#x(guess_us), this.row * this.lanes.length]]);
    context.setLineDash([]);
  }

  #drawLane(context, { name, histogram }, bottom, isRead) {
    const { theme, width } = this.surface;
    const all = this.#row(name).slice(1, 5).map((value, at) => `${NAMES[at + 1]} ${value}`);
    // The farthest that is known; how many they are stands beside the ladder.
    const words = this.isBrief ? [all[0], [all[2], all[1]].find((text) => !text.endsWith("–")) ?? all[3]] : all;
    const top = bottom - this.row + theme.size;
    drawMarker(context, theme, name, [8, top - theme.size / 3]);
    context.fillStyle = theme.ink;
    if (this.isWide && !this.isLow) [words.slice(0, 2), words.slice(2)].forEach((part, at) => context.fillText(part.join(" · "), 20, top + at * (theme.size + 2)));
    else context.fillText(words.join(" · "), 20, top);
    const room = this.row - (this.isWide ? 8 : theme.size + 14);
    const stamp = this.#stamps.get(name);
    if (histogram.n > 0) {
      const stacks = this.#stacks(histogram.quantiles(SHARES));
      const step = Math.min(2 * RADIUS, room / Math.max(...stacks.values()));
      for (const [bin, count] of stacks) for (let at = 0; at < count; at += 1) drawStamp(context, stamp, this.left + bin * 2 * RADIUS, bottom - 6 - at * step);
    }
    this.#drawTheory(context, name, bottom - 4, room);
    if (isRead) {
      context.strokeStyle = theme.ink;
      context.strokeRect(0.5, bottom - this.row + 1, width - 1, this.row - 2);
    }
  }

  /** Dots that fall on each other stand on each other. */
  #stacks(values) {
    const stacks = new Map();
    for (const us of values) {
      const bin = Math.round((this.#x(us) - this.left) / (2 * RADIUS));
      stacks.set(bin, (stacks.get(bin) ?? 0) + 1);
    }
    return stacks;
  }

  /** As thin line: how high theory would have the dots stand. */
  #drawTheory(context, name, bottom, room) {
    const curve = this.view.theory?.lanes?.[name]?.curve;
    if (!curve?.length) return;
    const at = (share) => (curve.find(([upto]) => upto >= share) ?? curve.at(-1))[1];
    const stacks = [...this.#stacks(SHARES.map(at))].sort(([one], [other]) => one - other);
    const step = Math.min(2 * RADIUS, room / Math.max(...stacks.map(([, count]) => count)));
    const corners = stacks.flatMap(([bin, count], index) => {
      const [from, to] = [-RADIUS, RADIUS].map((by) => this.left + bin * 2 * RADIUS + by);
      const isApart = stacks[index - 1]?.[0] !== bin - 1;
      const ends = stacks[index + 1]?.[0] !== bin + 1;
      return [...(isApart ? [[from, bottom]] : []), [from, bottom - count * step], [to, bottom - count * step], ...(ends ? [[to, bottom]] : [])];
    });
    context.strokeStyle = laneColour(name, this.surface.theme);
    context.lineWidth = 1.25;
    stroke(context, corners);
  }
}

function stroke(context, corners) {
  context.beginPath();
  corners.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}
