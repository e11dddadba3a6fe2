// A chart in its figure: drawn, read out under the pointer or the arrow keys, and as a table.
//
//   <figure> <canvas tabindex="0"> <output> <details> <summary>Table</summary> </details> </figure>

import { drawBars, readBar } from "./bars.js";
import { keepDrawn } from "./canvas.js";
import { drawCurve } from "./curve.js";
import { inUnit } from "./figures.js";
import { drawLines } from "./lines.js";
import { stopsOf } from "./plot.js";
import { tableOf } from "./table.js";

const DRAW = { curve: drawCurve, lines: drawLines, bars: drawBars };

/** Fills a figure; returns what draws it again. */
export function showChart(figure, chart) {
  const [canvas, output, details] = ["canvas", "output", "details"].map((name) => figure.querySelector(name));
  const stops = chart.rows ? chart.rows.map((_, index) => index) : stopsOf(chart);
  let at;
  let xOf;
  const again = keepDrawn(canvas, (context, size, theme) => {
    const done = DRAW[chart.kind](context, size, theme, chart, at);
    xOf = done.xOf;
    canvas.dataset.drawn = done.drawn;
  });
  const read = (stop) => {
    at = stop;
    output.textContent = stop === undefined ? "" : inWords(chart, stop);
    again();
  };
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") return read(undefined);
    if (!step) return;
    event.preventDefault();
    const next = at === undefined ? (step > 0 ? 0 : stops.length - 1) : stops.indexOf(at) + step;
    read(stops[Math.min(stops.length - 1, Math.max(0, next))]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const nearest = xOf ? nearestStop(stops, xOf, event.offsetX) : rowUnder(canvas, stops, event.offsetY);
    if (nearest !== at) read(nearest);
  });
  canvas.addEventListener("pointerleave", () => read(undefined));
  canvas.addEventListener("blur", () => read(undefined));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("table")) details.append(scrolling(tableOf(chart)));
  });
  return again;
}

function nearestStop(stops, xOf, x) {
  const distance = (stop) => Math.abs(xOf(stop) - x);
  return stops.reduce((best, stop) => (distance(stop) < distance(best) ? stop : best), stops[0]);
}

function rowUnder(canvas, stops, y) {
  // The key above the rows is about as high as a row; whoever points there means the first.
  const row = Math.floor((y / canvas.clientHeight) * (stops.length + 0.4) - 0.4);
  return stops[Math.min(stops.length - 1, Math.max(0, row))];
}

function inWords(chart, stop) {
  if (chart.rows) return readBar(chart, stop);
  const of = ({ lane, points, predicted }) => {
    const point = points.find((point) => point.x === stop);
    if (!point) return [];
    const theory = predicted.find(([x]) => x === stop);
    return `${lane} ${inUnit(point.y, chart.y.unit)}${theory ? `, theory ${inUnit(theory[1], chart.y.unit)}` : ""}`;
  };
  return [inUnit(stop, chart.x.unit), ...chart.series.flatMap(of)].join(" · ");
}

/** A table wider than its figure is moved in its own frame. */
function scrolling(table) {
  const frame = document.createElement("div");
  frame.className = "scrolling";
  frame.tabIndex = 0;
  frame.append(table);
  return frame;
}
