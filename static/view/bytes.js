// Bytes an event, by layer, as the server's socket counted them: the same bars as in a report.
//
// Theory, while it is asked for, is the thin bar below: payload and the weight of a head as counted, envelope and the
// number of heads as predicted. How often a stream connects is nobody's prediction: its heads are all counted.

import { showChart } from "../chart/show.js";
import { element } from "./dom.js";

const LAYERS = ["payload", "envelope", "heads down", "heads up"];

export class BytesPanel {
  every_ms = 1000;
  #chart;

  constructor(host, run, view) {
    [this.run, this.view] = [run, view];
    const canvas = element("canvas", { tabIndex: 0 });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "bytes an event, by layer and lane; arrow keys read lanes out");
    const details = element("details", {}, element("summary", { textContent: "Table" }));
    const output = element("output");
    output.setAttribute("aria-live", "polite");
    host.classList.add("pictured");
    host.append(canvas, output, details);
    this.#chart = { kind: "bars", high: 100, layers: LAYERS, rows: [] };
    this.#take();
    this.again = showChart(host, this.#chart);
    // Another table each time it is opened.
    details.addEventListener("toggle", () => details.open || details.querySelector(".scrolling")?.remove());
    document.addEventListener("theme", this.again);
  }

  #take() {
    const rows = [...this.run.lanes.keys()].map((lane) => {
      const { payload, envelope, http_down, http_up } = this.run.figures(lane).bytes_per_event;
      return { lane, measured: payload === null || envelope === null ? null : [payload, envelope, http_down, http_up], predicted: this.run.predictedBytes(lane, this.view.theory?.lanes?.[lane]) };
    });
    this.#chart.rows.splice(0, Infinity, ...rows);
    const sum = (layers) => (layers ?? []).reduce((total, bytes) => total + bytes, 0);
    const most = Math.max(...rows.map(({ measured, predicted }) => Math.max(sum(measured), sum(predicted))));
    // The first events bear the heads of their stream: the axis follows, in steps of two, once they are shared out.
    while (this.#chart.high < most) this.#chart.high *= 2;
    while (most > 0 && this.#chart.high > 2.5 * most) this.#chart.high /= 2;
  }

  draw() {
    this.#take();
    this.again();
  }
}
