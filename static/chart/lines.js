// A figure against what was varied: what was measured as points with their 95% intervals, theory as a thin line.
//
//   chart = { x, y, series: [{ lane, points: [{ x, y, low, high }], predicted: [[x, y]] }], marks: [{ x, label }] }

import { drawInterval, drawMarker, drawTheory } from "./marks.js";
import { beginPlot, drawHair, inside } from "./plot.js";

/** Lanes that would lie on each other stand so many pixels apart. */
const APART = 6;

/** Draws it all, and a hair at `at` where something is read out; how many points were drawn. */
export function drawLines(context, size, theme, chart, at) {
  const { box, toPixel } = beginPlot(context, size, theme, chart, { theory: "line: theory", hasLines: false });
  let drawn = 0;
  inside(context, box, () => {
    chart.series.forEach(({ lane, points, predicted }, index) => {
      const shift = APART * (index - (chart.series.length - 1) / 2);
      drawTheory(context, theme, lane, predicted.map(toPixel));
      for (const point of points) {
        const [x, y] = toPixel([point.x, point.y]);
        if (point.low !== null) {
          drawInterval(context, theme, lane, x + shift, toPixel([point.x, point.low])[1], toPixel([point.x, point.high])[1]);
        }
        drawMarker(context, theme, lane, [x + shift, y]);
        drawn += 1;
      }
    });
  });
  if (at !== undefined) drawHair(context, box, theme, toPixel([at, chart.y.high])[0]);
  return { drawn, xOf: (value) => toPixel([value, chart.y.high])[0] };
}
