// A canvas that is as sharp as the screen, and is drawn again whenever its size or its ground changes.

import { themeOf } from "./style.js";

/** Calls `draw(context, size, theme)` now and whenever it must; returns what draws it again. */
export function keepDrawn(canvas, draw) {
  const again = () => {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width || !height) return;
    // Two at least: paper is finer than most screens.
    const ratio = Math.max(2, devicePixelRatio);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    draw(context, { width, height }, themeOf(canvas));
  };
  new ResizeObserver(again).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  again();
  return again;
}
