// The table view of a chart: every figure in it, as text.

import { inUnit } from "./figures.js";
import { stopsOf } from "./plot.js";

/** Rows of cells, the first of them names. */
export function rowsOf(chart) {
  return chart.rows ? rowsOfBars(chart) : rowsOfPlot(chart);
}

function rowsOfPlot(chart) {
  const names = chart.series.flatMap(({ lane }) => [lane, "95%", "theory"]);
  const rows = stopsOf(chart).map((x) => {
    const cells = chart.series.flatMap(({ points, predicted }) => {
      const point = points.find((point) => point.x === x);
      const theory = predicted.find(([at]) => at === x)?.[1];
      const ends = point && point.low !== null ? [point.low, point.high].map((end) => inUnit(end, chart.y.unit)) : ["–"];
      return [inUnit(point?.y, chart.y.unit), ends.join(" – "), inUnit(theory, chart.y.unit)];
    });
    return [inUnit(x, chart.x.unit), ...cells];
  });
  return [[chart.x.label, ...names], ...rows];
}

function rowsOfBars(chart) {
  const cells = (layers) => chart.layers.map((_, at) => inUnit(layers?.[at], "bytes"));
  const rows = chart.rows.flatMap((row) => [
    [row.lane, ...cells(row.measured)],
    ["theory", ...cells(row.predicted)],
  ]);
  return [["bytes an event", ...chart.layers], ...rows];
}

/** The same, as an element. */
export function tableOf(chart) {
  const [names, ...rows] = rowsOf(chart);
  const table = document.createElement("table");
  const add = (section, name, cells) => {
    const row = section.insertRow();
    cells.forEach((text, index) => {
      const cell = document.createElement(index === 0 ? "th" : name);
      cell.textContent = text;
      row.append(cell);
    });
  };
  add(table.createTHead(), "th", names);
  const body = table.createTBody();
  rows.forEach((cells) => add(body, "td", cells));
  return table;
}
