// The latency strip: one dot an event, the last 60 s from left to right, milliseconds on a log axis.
//
// Hollow: the tab was hidden, or the event was caught up after a cut. It is no sample, and in no figure.

import { inUnit } from "../chart/figures.js";
import { label, place, ticks } from "../chart/axis.js";
import { laneColour } from "../chart/style.js";
import { timeOfDay } from "./dom.js";
import { latencyAxis, widen } from "./scale.js";
import { drawStamp, stampOf } from "./stamps.js";
import { Surface } from "./surface.js";

const SPAN_MS = 60_000;

/** What theory gives a line on this axis. */
const LINES = [["p50_us", [], "p50"], ["p99_us", [2, 4], "p99"]];

export class Strip {
  every_ms = 250;
  axis = latencyAxis();
  #stamps = new Map();

  get lanes() {
    return [...this.run.lanes.values()];
  }

  constructor(host, run, view) {
    [this.run, this.view] = [run, view];
    this.surface = new Surface(host, {
      label: "latency strip: one dot an event of the last 60 s; arrow keys read events out",
      idle: "hollow: no sample (the tab was hidden, or it was caught up after a cut)",
      rows: () => [["arrived", "lane", "latency", "sample"], ...this.lanes.flatMap((lane) => this.#rows(lane))],
      step: (by) => this.#walk(by),
      point: (name, x) => name !== "click" && this.#hover(name === "pointerleave" ? NaN : x),
    });
  }

  #rows({ name, samples }) {
    const all = Array.from({ length: Math.min(500, samples.end - samples.begin) }, (_, back) => samples.end - 1 - back);
    return all.map((number) => [timeOfDay(samples.at(number)), name, inUnit(samples.us(number), "us"), samples.isHollow(number) ? "hollow" : "yes"]);
  }

  #x(ms) {
    return this.right - ((this.right_ms - ms) * (this.right - this.left)) / SPAN_MS;
  }

  #y(us) {
    return this.top + this.room * (1 - place(this.axis, Math.max(us, this.axis.low)));
  }

  #drawGround(context) {
    const { theme, width, height } = this.surface;
    const all = ticks(this.axis).filter((us) => Number.isInteger(Math.log10(us)));
    this.left = Math.max(...all.map((us) => context.measureText(label(this.axis, us)).width)) + 8;
    [this.top, this.right, this.room] = [8, width - 8, height - theme.size - 18];
    for (const us of all) {
      const y = Math.round(this.#y(us));
      context.fillStyle = theme.line;
      context.fillRect(this.left, y, this.right - this.left, 1);
      context.fillStyle = theme.ink;
      context.textAlign = "right";
      context.fillText(label(this.axis, us), this.left - 5, y + theme.size / 3);
    }
    for (const s of [60, 45, 30, 15, 0]) {
      context.textAlign = s === 60 ? "left" : s ? "center" : "right";
      context.fillText(s ? `−${s} s` : "now", this.right - (s / 60) * (this.right - this.left), height - 3);
    }
    for (const { name } of this.lanes) this.#stamps.set(name, [false, true].map((isHollow) => stampOf(this.surface, name, 3, isHollow)));
  }

  /** The axis makes room before anything is drawn on it. */
  #widen(from, to) {
    for (const { samples } of this.lanes) {
      for (let number = Math.max(from, samples.since(this.right_ms - SPAN_MS)); number < samples.end; number += 1) {
        if (samples.at(number) <= to && widen(this.axis, samples.us(number))) this.surface.isStale = true;
      }
    }
  }

  draw(right_ms) {
    this.right_ms = right_ms;
    this.#widen(0, right_ms);
    const context = this.surface.begin((pen) => this.#drawGround(pen));
    if (!context) return;
    for (const { name, samples } of this.lanes) {
      const stamps = this.#stamps.get(name);
      for (let number = samples.since(right_ms - SPAN_MS); number < samples.end && samples.at(number) <= right_ms; number += 1) {
        drawStamp(context, stamps[samples.isHollow(number) ? 1 : 0], this.#x(samples.at(number)), this.#y(samples.us(number)));
      }
      this.#drawTheory(context, name);
    }
    this.#drawGuess(context);
    this.#drawHovered(context);
  }

  #drawTheory(context, name) {
    const theory = this.view.theory?.lanes?.[name];
    context.lineWidth = 1.25;
    context.strokeStyle = laneColour(name, this.surface.theme);
    for (const [key, dash] of theory ? LINES : []) {
      if (theory[key] > 0) this.#line(context, theory[key], dash);
    }
    context.setLineDash([]);
  }

  #line(context, us, dash) {
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(this.left, this.#y(us));
    context.lineTo(this.right, this.#y(us));
    context.stroke();
  }

  #drawGuess(context) {
    const { guess_us } = this.view;
    const { theme } = this.surface;
    context.font = theme.font(theme.size);
    context.textAlign = "left";
    context.strokeStyle = context.fillStyle = theme.ink;
    if (guess_us > 0) {
      context.lineWidth = 2;
      this.#line(context, guess_us, [8, 5]);
      context.setLineDash([]);
      context.fillText(`guess ${inUnit(guess_us, "us")}`, this.left + 6, this.#y(guess_us) - 5);
    }
    if (this.view.theory) context.fillText("thin: theory, p50, and p99 dotted", this.left + 6, this.top + theme.size);
  }

  #drawHovered(context) {
    const event = this.view.hovered && this.run.event(this.view.hovered);
    for (const { at, latency_us } of event ? Object.values(event.arrivals) : []) {
      context.beginPath();
      context.arc(this.#x(at), this.#y(latency_us), 8, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.stroke();
    }
  }

  /** The newest event that arrived near a place anywhere. */
  #hover(x) {
    const near = ({ at }) => Math.abs(this.#x(at) - x) < 6;
    this.view.hovered = (x === x && this.run.events(500).find(({ arrivals }) => Object.values(arrivals).some(near))?.id) || null;
  }

  #walk(by) {
    const events = this.run.events(500);
    const at = events.findIndex(({ id }) => id === this.view.hovered);
    const event = by && events[Math.min(events.length - 1, Math.max(0, at === -1 ? 0 : at - by[0] - by[1]))];
    this.view.hovered = event?.id ?? null;
    return event && inWords(event);
  }
}

/** An event and when it came on each lane. */
export function inWords({ id, arrivals }) {
  const all = Object.entries(arrivals).map(([name, { latency_us, is_hollow }]) => `${name} ${inUnit(latency_us, "us")}${is_hollow ? " (hollow)" : ""}`);
  return `${id}: ${all.join(", ")}`;
}
