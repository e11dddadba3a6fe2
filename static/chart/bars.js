// Bytes an event, stacked by layer: what was measured as a thick bar, theory as a thin one below it.
//
//   chart = { high, layers: ["payload", "envelope", …], rows: [{ lane, measured: [170, 4, …], predicted: […] }] }

import { inUnit } from "./figures.js";
import { drawMarker } from "./marks.js";
import { laneColour } from "./style.js";

/** How a layer is filled: the events themselves hardly, what a transport puts around them fully. */
const FILLS = {
  payload: (context, theme) => [theme.line],
  envelope: (context, theme, colour) => [colour],
  "heads down": (context, theme, colour) => [theme.ground, hatch(context, colour, 1)],
  "heads up": (context, theme, colour) => [theme.ground, hatch(context, colour, -1)],
  TLS: (context, theme, colour) => [theme.ground, hatch(context, colour, 0)],
};

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Draws it all, and a frame around the row `at` where it is read out; how many segments were drawn. */
export function drawBars(context, { width, height }, theme, chart, at) {
  context.font = theme.font(theme.size);
  const top = drawKey(context, theme, chart, width);
  const left = Math.max(...chart.rows.map((row) => context.measureText(row.lane).width)) + 26;
  const rowHeight = (height - top) / chart.rows.length;
  // Two sums in a row that is lower than two lines stand beside each other.
  const isLow = rowHeight < 2.5 * theme.size && chart.rows.some((row) => row.predicted);
  const right = context.measureText(isLow ? inSums([9999.9], [9999.9]) : "0000.0 B").width + 8;
  const scale = (width - left - right) / chart.high;
  let drawn = 0;
  chart.rows.forEach((row, index) => {
    const y = top + index * rowHeight;
    context.fillStyle = theme.ink;
    context.textAlign = "left";
    context.fillText(row.lane, 20, y + 0.5 * rowHeight);
    drawMarker(context, theme, row.lane, [8, y + 0.5 * rowHeight - theme.size / 3]);
    const bar = (layers, from, share) => {
      drawn += drawBar(context, theme, row.lane, chart.layers, layers, { x: left, y: y + from * rowHeight, scale, height: share * rowHeight });
      context.fillStyle = theme.ink;
      if (!isLow) context.fillText(inUnit(sum(layers), "bytes"), left + sum(layers) * scale + 6, y + (from + share / 2) * rowHeight + theme.size / 3);
    };
    if (!row.measured && !row.predicted) context.fillText("–", left, y + 0.5 * rowHeight);
    if (row.measured) bar(row.measured, 0.14, 0.4);
    if (row.predicted) bar(row.predicted, 0.62, 0.2);
    const longest = Math.max(sum(row.measured ?? []), sum(row.predicted ?? []));
    if (isLow) context.fillText(inSums(row.measured, row.predicted), left + longest * scale + 6, y + 0.5 * rowHeight + theme.size / 3);
    if (at === index) {
      context.strokeStyle = theme.ink;
      context.strokeRect(0.5, y + 1, width - 1, rowHeight - 2);
    }
  });
  return { drawn };
}

const inSums = (measured, predicted) =>
  [measured && inUnit(sum(measured), "bytes"), predicted && `theory ${inUnit(sum(predicted), "bytes")}`].filter(Boolean).join(" · ");

function drawBar(context, theme, lane, names, layers, { x, y, scale, height }) {
  let drawn = 0;
  const colour = laneColour(lane, theme);
  layers.forEach((bytes, index) => {
    const width = bytes * scale;
    if (width > 0) {
      fill(context, theme, names[index], colour, [x, y, width, height]);
      drawn += 1;
    }
    x += width;
  });
  return drawn;
}

function fill(context, theme, layer, colour, rectangle) {
  for (const style of FILLS[layer](context, theme, colour)) {
    context.fillStyle = style;
    context.fillRect(...rectangle);
  }
  context.strokeStyle = layer === "payload" ? theme.faint : colour;
  context.lineWidth = 1;
  context.strokeRect(...rectangle);
}

/** Lines up, down, or across, in a square that repeats. */
function hatch(context, colour, slope) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  const lines = slope === 0 ? [[0, 4, 8, 4]] : [-8, 0, 8].map((x) => (slope > 0 ? [x, 8, x + 8, 0] : [x, 0, x + 8, 8]));
  for (const [x1, y1, x2, y2] of lines) {
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

/** Which fill is which layer; how high it is, in pixels. */
function drawKey(context, theme, { layers, rows }, width) {
  let [x, y] = [0, 0];
  context.textAlign = "left";
  for (const text of [...layers, ...(rows.some((row) => row.predicted) ? ["thin: theory"] : [])]) {
    const sample = layers.includes(text) ? 22 : 0;
    const needs = sample + context.measureText(text).width + 14;
    if (x > 0 && x + needs > width) [x, y] = [0, y + theme.size + 8];
    if (sample) fill(context, theme, text, theme.faint, [x + 0.5, y + 2.5, 16, theme.size - 2]);
    context.fillStyle = theme.ink;
    context.fillText(text, x + sample, y + theme.size);
    x += needs;
  }
  return y + theme.size + 10;
}

/** A row in words. */
export function readBar(chart, index) {
  const row = chart.rows[index];
  const parts = (layers) => chart.layers.map((name, at) => `${name} ${inUnit(layers[at], "bytes")}`).join(", ");
  const of = (name, layers) => (layers ? `${name} ${inUnit(sum(layers), "bytes")} (${parts(layers)})` : `${name} –`);
  return `${row.lane}: ${of("measured", row.measured)}; ${of("theory", row.predicted)}`;
}
