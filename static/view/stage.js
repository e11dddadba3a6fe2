// All the pictures, and one animation frame for them.
//
//   every frame      the ladder                          it scrolls
//   2 to 4 a second  strip, distribution, log, bank      nobody reads faster
//   1 a second       bytes

import { BankPanel } from "./bank.js";
import { BytesPanel } from "./bytes.js";
import { Distribution } from "./distribution.js";
import { Inspector } from "./inspector.js";
import { Ladder } from "./ladder.js";
import { Log } from "./log.js";
import { Strip } from "./strip.js";

/** The right edge lies so far back: marks of the server come up to 100 ms late, entries of the worker up to 50. */
const LAG_MS = 250;

/** With `prefers-reduced-motion` the ladder moves in steps. */
const STEP_MS = 1000;

export class Stage {
  view = { frozen: false, span_s: 8, right_ms: null, theory: null, guess_us: null, selected: null, hovered: null, large: false };
  #panels;
  #isDirty = true;
  #frozen_ms = null;
  #frames = { frames: 0, drawing_ms: 0, worst_ms: 0, begun: performance.now(), slow: 0, last: 0 };
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #shown = {};

  constructor(run, { ladder, strip, distribution, bytes, bank, log, inspector }) {
    this.run = run;
    const { view } = this;
    const strips = new Strip(strip, run, view);
    this.#panels = [
      new Ladder(ladder, run, view), strips, new Distribution(distribution, run, view, strips.axis),
      new BytesPanel(bytes, run, view), new BankPanel(bank, run), new Log(log, run, view), new Inspector(inspector, run, view),
    ].map((panel) => ({ panel, drawn: -Infinity }));
  }

  start() {
    const frame = (time) => {
      this.#frame(time);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Draws everything at the next frame, whatever it is that has changed: the size of the text, too. */
  redraw() {
    this.#isDirty = true;
    for (const { panel } of this.#panels) if (panel.surface) panel.surface.isStale = true;
  }

  /** Frames since the last question: how many a second, and what drawing took of them. */
  frames() {
    const { frames, drawing_ms, worst_ms, begun, slow } = this.#frames;
    const now = performance.now();
    this.#frames = { frames: 0, drawing_ms: 0, worst_ms: 0, begun: now, slow: 0, last: 0 };
    return { frames, per_s: (1000 * frames) / (now - begun), mean_ms: drawing_ms / Math.max(1, frames), worst_ms, slow };
  }

  /** Where the right edge is: scrubbed to, frozen, or just behind now. */
  #right() {
    const now = performance.timeOrigin + performance.now() - LAG_MS;
    if (!this.view.frozen) this.#frozen_ms = null;
    else this.#frozen_ms ??= now;
    const right = this.view.right_ms ?? this.#frozen_ms ?? now;
    return this.#calm.matches && this.#frozen_ms === null ? Math.floor(right / STEP_MS) * STEP_MS : right;
  }

  #frame(time) {
    const begun = performance.now();
    const right = this.#right();
    const isLive = !this.view.frozen && this.view.right_ms === null && !this.#calm.matches;
    const isMoved = right !== this.#shown.right;
    const isLit = this.view.hovered !== this.#shown.hovered || this.view.selected !== this.#shown.selected;
    for (const one of this.#panels) {
      const isDue = time - one.drawn >= one.panel.every_ms && isMoved;
      if (!isDue && !this.#isDirty && !isLit && !one.panel.surface?.isStale) continue;
      one.drawn = time;
      one.panel.draw(right, isLive);
    }
    this.#isDirty = false;
    this.#shown.right = right;
    this.#shown.hovered = this.view.hovered;
    this.#shown.selected = this.view.selected;
    this.#count(begun);
  }

  #count(begun) {
    const frames = this.#frames;
    const took = performance.now() - begun;
    frames.frames += 1;
    frames.drawing_ms += took;
    frames.worst_ms = Math.max(frames.worst_ms, took);
    // More than one and a half frames from one to the next: one was left out.
    if (frames.last && begun - frames.last > 25) frames.slow += 1;
    frames.last = begun;
  }
}
