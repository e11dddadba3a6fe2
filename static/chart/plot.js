// What curves and points have in common: a legend, two axes, and a place for each value.

import { drawAxes, labelWidth, xIn, yIn } from "./axis.js";
import { drawLegend, drawMark } from "./marks.js";

/** Draws all but the series; returns the box, and what turns a value into pixels. */
export function beginPlot(context, { width, height }, theme, chart, legendOf) {
  context.font = theme.font(theme.size);
  const lanes = chart.series.map((series) => series.lane);
  const legend = drawLegend(context, theme, lanes, width, legendOf);
  const left = labelWidth(context, chart.y) + 12;
  const top = legend + theme.size + 16;
  const box = { left, top, width: width - left - 4, height: height - top - 2.4 * theme.size - 12, inset: 14 };
  drawAxes(context, box, theme, chart.x, chart.y);
  const toPixel = ([x, y]) => [xIn(box, chart.x, x), yIn(box, chart.y, y)];
  const free = context.measureText(chart.y.label).width + 12;
  for (const { x, label } of chart.marks ?? []) drawMark(context, box, theme, xIn(box, chart.x, x), label, free);
  return { box, toPixel };
}

/** Draws inside the box only. */
export function inside(context, box, draw) {
  context.save();
  context.beginPath();
  context.rect(box.left - 8, box.top - 8, box.width + 16, box.height + 16);
  context.clip();
  draw();
  context.restore();
}

/** A hair through what is being read out. */
export function drawHair(context, box, theme, x) {
  context.save();
  context.strokeStyle = theme.ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, box.top);
  context.lineTo(x, box.top + box.height);
  context.stroke();
  context.restore();
}

/** Every x of any series, ascending: where there is something to read out. */
export function stopsOf(chart) {
  const all = chart.series.flatMap((series) => series.points.map((point) => point.x));
  return [...new Set(all)].sort((one, other) => one - other);
}
