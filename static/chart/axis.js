// From a value to a place, and the marks along the way.
//
//   axis = { label: "latency", scale: "log", unit: "us", low: 50, high: 2e6 }

import { inUnit, short } from "./figures.js";

const SCALES = {
  linear: (value) => value,
  log: Math.log10,
  // Nines: p90 is as far from p99 as p99 from p99.9, so that tails can be seen.
  nines: (quantile) => -Math.log10(1 - quantile),
};

/** Where a value stands between the two ends of its axis: 0 to 1. */
export function place(axis, value) {
  const at = SCALES[axis.scale];
  return (at(value) - at(axis.low)) / (at(axis.high) - at(axis.low));
}

/** Values worth a label, the most important first. */
export function ticks(axis) {
  if (axis.scale === "linear") return everyStep(axis);
  const all =
    axis.scale === "log" ? decades(axis) : [0.5, 0.95, 0.99, 0.999, 0.9, 0.75, 0.25, 0.98, 0.995, 0.998, 0.05];
  return all.filter((value) => value >= axis.low * 0.999 && value <= axis.high * 1.001);
}

function everyStep({ low, high }) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

function decades({ low, high }) {
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => 10 ** (first + index));
  return [1, 3, 2, 5].flatMap((factor) => powers.map((power) => factor * power));
}

export const label = (axis, value) => short(inUnit(value, axis.unit));

/** Where a value is drawn. Nothing stands on the very edge of the box: its marker would be cut. */
export function xIn(box, axis, value) {
  return box.left + box.inset + (box.width - 2 * box.inset) * place(axis, value);
}

export function yIn(box, axis, value) {
  return box.top + box.height * (1 - place(axis, value));
}

/** Room for the labels at the left, in pixels. */
export function labelWidth(context, axis) {
  return Math.max(...ticks(axis).map((value) => context.measureText(label(axis, value)).width), 0);
}

/** Draws lines and labels around `box`, the part of a canvas that values are drawn in. */
export function drawAxes(context, box, theme, x, y) {
  context.font = theme.font(theme.size);
  context.lineWidth = 1;
  drawTicks(context, theme, x, (value) => xIn(box, x, value), {
    room: (text) => context.measureText(text).width + 8,
    line: (at) => [at, box.top, at, box.top + box.height],
    text: (text, at) => {
      context.textAlign = "center";
      context.fillText(text, at, box.top + box.height + theme.size + 4);
    },
  });
  drawTicks(context, theme, y, (value) => yIn(box, y, value), {
    room: () => theme.size + 4,
    line: (at) => [box.left, at, box.left + box.width, at],
    text: (text, at) => {
      context.textAlign = "right";
      context.fillText(text, box.left - 6, at + theme.size / 3);
    },
  });
  context.fillStyle = theme.ink;
  context.textAlign = "left";
  context.fillText(y.label, 0, box.top - 8);
  context.textAlign = "right";
  context.fillText(x.label, box.left + box.width, box.top + box.height + 2.4 * theme.size + 6);
}

/** A label that would lie on one that is there already is left out. */
function drawTicks(context, theme, axis, toPixel, draw) {
  const taken = [];
  for (const value of ticks(axis)) {
    const at = toPixel(value);
    const text = label(axis, value);
    const half = draw.room(text) / 2;
    if (taken.some(([low, high]) => at - half < high && at + half > low)) continue;
    taken.push([at - half, at + half]);
    const [x1, y1, x2, y2] = draw.line(at);
    context.strokeStyle = theme.line;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    context.fillStyle = theme.ink;
    draw.text(text, at);
  }
}
