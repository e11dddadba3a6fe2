// A canvas that lives: as sharp as the screen, with a ground that is drawn only when size or theme change, words for
// whoever reads instead of looks, and a table.
//
//   <section> <canvas tabindex="0"> <output> <details> <summary>Table</summary> </details> </section>

import { themeOf } from "../chart/style.js";
import { element, tableFrom } from "./dom.js";

export class Surface {
  width = 0;
  height = 0;
  theme = null;
  /** Asks for a new ground: its size, its theme or its scale has changed. */
  isStale = true;

  constructor(host, { label, idle, rows, step, point }) {
    this.canvas = element("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.output = element("output");
    this.output.setAttribute("aria-live", "polite");
    this.idle = idle;
    this.say();
    const details = element("details", {}, element("summary", { textContent: "Table" }));
    host.classList.add("pictured");
    host.append(this.canvas, this.output, details);
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.ground = document.createElement("canvas");
    new ResizeObserver(([{ contentRect }]) => this.#resize(contentRect)).observe(this.canvas);
    for (const target of [document, matchMedia("(prefers-color-scheme: dark)")]) {
      for (const name of ["theme", "change"]) target.addEventListener(name, () => (this.isStale = true));
    }
    details.addEventListener("toggle", () => {
      details.querySelector(".scrolling")?.remove();
      if (details.open) details.append(tableFrom(rows()));
    });
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Escape: null }[event.key];
      if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.say(step(by));
    });
    for (const name of ["pointermove", "pointerleave", "click"]) {
      this.canvas.addEventListener(name, ({ offsetX, offsetY }) => point?.(name, offsetX, offsetY));
    }
  }

  say(text) {
    this.output.textContent = text || this.idle;
  }

  #resize({ width, height }) {
    Object.assign(this, { width, height, isStale: true });
  }

  /** The context, wiped and with its ground; `null` where nothing can be seen. `drawGround` runs when it must. */
  begin(drawGround) {
    const { canvas, ground, context, width, height } = this;
    if (width < 40 || height < 40) return null;
    if (this.isStale) {
      this.isStale = false;
      this.theme = themeOf(canvas);
      this.ratio = devicePixelRatio;
      for (const one of [canvas, ground]) [one.width, one.height] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
      const pen = ground.getContext("2d", { alpha: false });
      pen.fillStyle = this.theme.ground;
      pen.fillRect(0, 0, ground.width, ground.height);
      pen.scale(this.ratio, this.ratio);
      pen.font = this.theme.font(this.theme.size);
      drawGround(pen);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(ground, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return context;
  }
}
