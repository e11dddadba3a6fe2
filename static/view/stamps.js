// Markers drawn once and copied from then on: a canvas copies a picture faster than it fills a path.

import { drawMarker } from "../chart/marks.js";

/** Room around a marker, so that its border is not cut. */
const MARGIN = 2;

/** A lane's marker, filled or hollow, for a surface as it is now. */
export function stampOf(surface, lane, radius, isHollow) {
  const { theme, ratio } = surface;
  const size = Math.ceil(1.3 * radius + MARGIN);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * Math.ceil(size * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  drawMarker(context, theme, lane, [size, size], radius);
  // Hollow: the same again in the ground's colour, smaller.
  if (isHollow) drawMarker(context, { ...theme, hollow: theme.ground }, lane, [size, size], 0.55 * radius);
  return { canvas, size };
}

export function drawStamp(context, { canvas, size }, x, y) {
  context.drawImage(canvas, x - size, y - size, 2 * size, 2 * size);
}
