// Quantile curves: what was measured thick, with its 95% interval at the quantiles of the tables; theory thin.
//
//   chart = { x, y, series: [{ lane, points: [{ x, y, low, high }], predicted: [[x, y]] }] }

import { drawInterval, drawLine, drawMarker, drawTheory } from "./marks.js";
import { beginPlot, drawHair, inside } from "./plot.js";

/** Draws it all, and a hair at `at` where something is read out; how many points were drawn. */
export function drawCurve(context, size, theme, chart, at) {
  const { box, toPixel } = beginPlot(context, size, theme, chart, { theory: "thin: theory", hasLines: true });
  let drawn = 0;
  inside(context, box, () => {
    for (const { lane, points, predicted } of chart.series) {
      drawTheory(context, theme, lane, predicted.map(toPixel));
      drawLine(context, theme, lane, points.map((point) => toPixel([point.x, point.y])));
      drawn += points.length;
    }
    for (const { lane, points } of chart.series) {
      for (const point of points.filter((point) => point.low !== null)) {
        const [x, y] = toPixel([point.x, point.y]);
        drawInterval(context, theme, lane, x, toPixel([0, point.low])[1], toPixel([0, point.high])[1]);
        drawMarker(context, theme, lane, [x, y]);
      }
    }
  });
  if (at !== undefined) drawHair(context, box, theme, toPixel([at, chart.y.high])[0]);
  return { drawn, xOf: (value) => toPixel([value, chart.y.high])[0] };
}
