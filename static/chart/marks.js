// What stands for a lane on a canvas: a line, a marker, an interval, an entry of the legend.

import { laneColour, laneStyle } from "./style.js";

/** Twelve corners, clockwise: arms as wide as they are long. */
const PLUS = [
  [-0.45, -1.3], [0.45, -1.3], [0.45, -0.45], [1.3, -0.45], [1.3, 0.45], [0.45, 0.45],
  [0.45, 1.3], [-0.45, 1.3], [-0.45, 0.45], [-1.3, 0.45], [-1.3, -0.45], [-0.45, -0.45],
];

const SHAPES = {
  circle: (path, r) => path.arc(0, 0, r, 0, 2 * Math.PI),
  triangle: (path, r) => polygon(path, [[0, -1.2 * r], [1.15 * r, r], [-1.15 * r, r]]),
  square: (path, r) => path.rect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r),
  diamond: (path, r) => polygon(path, [[0, -1.3 * r], [1.3 * r, 0], [0, 1.3 * r], [-1.3 * r, 0]]),
  cross: (path, r) => strokes(path, [[-r, -r, r, r], [-r, r, r, -r]]),
  plus: (path, r) => polygon(path, PLUS.map(([x, y]) => [x * r, y * r])),
  star: (path, r) => strokes(path, [[-r, -r, r, r], [-r, r, r, -r], [-1.3 * r, 0, 1.3 * r, 0]]),
};

function polygon(path, corners) {
  corners.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}

function strokes(path, lines) {
  for (const [x1, y1, x2, y2] of lines) {
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
  }
}

export function drawMarker(context, theme, lane, [x, y], radius = 4.5) {
  const { marker } = laneStyle(lane);
  const isOpen = ["cross", "star"].includes(marker);
  context.save();
  context.translate(x, y);
  context.setLineDash([]);
  context.beginPath();
  SHAPES[marker](context, radius);
  context.fillStyle = theme.hollow ?? laneColour(lane, theme);
  context.strokeStyle = isOpen ? laneColour(lane, theme) : theme.ground;
  context.lineWidth = isOpen ? 2 : 1;
  if (!isOpen) context.fill();
  context.stroke();
  context.restore();
}

/** What was measured: thick, with the lane's dash. */
export function drawLine(context, theme, lane, points) {
  const { width, dash } = laneStyle(lane);
  stroke(context, points, laneColour(lane, theme), width, dash);
}

/** What theory says: thin. */
export function drawTheory(context, theme, lane, points) {
  stroke(context, points, laneColour(lane, theme), 1.25, []);
}

function stroke(context, points, colour, width, dash) {
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.restore();
}

/** A 95% interval: from one height to another, with feet. */
export function drawInterval(context, theme, lane, x, low, high) {
  context.save();
  context.strokeStyle = laneColour(lane, theme);
  context.lineWidth = 1.5;
  context.beginPath();
  strokes(context, [[x, low, x, high], [x - 3, low, x + 3, low], [x - 3, high, x + 3, high]]);
  context.stroke();
  context.restore();
}

/** A place on the axis that has a name; the name stands above the box, from `free` on. */
export function drawMark(context, box, theme, x, label, free) {
  context.save();
  context.strokeStyle = theme.ink;
  context.lineWidth = 1;
  context.setLineDash([4, 4]);
  context.beginPath();
  strokes(context, [[x, box.top, x, box.top + box.height]]);
  context.stroke();
  context.fillStyle = theme.ink;
  context.textAlign = "left";
  const width = context.measureText(label).width;
  const left = Math.min(Math.max(x - width / 2, free), box.left + box.width - width);
  context.fillText(label, left, box.top - 8);
  context.restore();
}

/** Names and markers, as many in a row as fit, and what theory is; how high it is, in pixels. */
export function drawLegend(context, theme, lanes, width, { theory, hasLines }) {
  const row = theme.size + 8;
  let [x, y] = [0, theme.size];
  context.font = theme.font(theme.size);
  context.textAlign = "left";
  const next = (text, sample) => {
    const needs = sample + context.measureText(text).width + 14;
    if (x > 0 && x + needs > width) [x, y] = [0, y + row];
    context.fillStyle = theme.ink;
    context.fillText(text, x + sample, y);
    x += needs;
    return [x - needs, y - theme.size / 3];
  };
  for (const lane of lanes) {
    const [left, middle] = next(lane, hasLines ? 42 : 18);
    if (hasLines) drawLine(context, theme, lane, [[left, middle], [left + 36, middle]]);
    drawMarker(context, theme, lane, [left + (hasLines ? 18 : 7), middle]);
  }
  next(theory, 0);
  return y + row - theme.size;
}
