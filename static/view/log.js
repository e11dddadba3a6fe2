// The event log: each event's latency on every lane, and how much later than the first it came.

import { inUnit } from "../chart/figures.js";
import { element, write } from "./dom.js";
import { inWords } from "./strip.js";

/** Rows that are there; a screen has room for about ten. */
const ROWS = 24;

export class Log {
  every_ms = 250;
  #isRead = false;

  constructor(host, run, view) {
    [this.run, this.view] = [run, view];
    this.head = element("tr");
    this.body = element("tbody");
    this.output = element("output");
    this.output.setAttribute("aria-live", "polite");
    this.frame = element("div", { className: "scrolling log", tabIndex: 0 }, element("table", {}, element("thead", {}, this.head), this.body));
    this.frame.setAttribute("aria-label", "event log; arrow keys read events out, Enter shows one in the inspector");
    this.frame.setAttribute("role", "region");
    host.append(this.frame, this.output);
    this.#listen();
  }

  /** Who points at a row keeps it: new events wait until the pointer has left. */
  #listen() {
    const { body, frame } = this;
    const of = ({ target }) => target.closest?.("tbody tr")?.event;
    body.addEventListener("pointerover", (event) => this.#hover(of(event)));
    frame.addEventListener("pointerenter", () => (this.#isRead = true));
    frame.addEventListener("pointerleave", () => this.#leave());
    frame.addEventListener("blur", () => this.#leave());
    body.addEventListener("click", (event) => this.#select(of(event), this.names[event.target.closest("td, th")?.cellIndex - 1]));
    frame.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.key === "Enter") this.#select(this.run.event(this.view.hovered));
      if (event.key === "Escape") this.#leave();
      if (!by) return;
      event.preventDefault();
      this.#isRead = true;
      const rows = [...body.rows].filter((row) => !row.hidden);
      const at = rows.findIndex((row) => row.event?.id === this.view.hovered);
      const row = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
      row?.scrollIntoView({ block: "nearest" });
      this.#hover(row?.event);
      write(this.output, row ? inWords(row.event) : "");
    });
  }

  #hover(event) {
    this.view.hovered = event?.id ?? null;
    this.#light();
  }

  #leave() {
    this.#isRead = false;
    this.#hover(null);
  }

  #select(event, lane) {
    const arrivals = event?.arrivals ?? {};
    const earliest = Object.values(arrivals).sort((one, other) => one.at - other.at)[0];
    const passage = (arrivals[lane] ?? earliest)?.passage;
    if (passage) this.view.selected = passage;
  }

  draw() {
    if (this.names?.length !== this.run.lanes.size) this.#begin();
    if (!this.#isRead) this.#fill(this.run.events(ROWS));
    this.#light();
  }

  /** A column a lane. */
  #begin() {
    this.names = [...this.run.lanes.keys()];
    this.head.replaceChildren(...["event", ...this.names, "text"].map((textContent) => element("th", { textContent, scope: "col" })));
    this.body.replaceChildren();
  }

  #fill(events) {
    while (this.body.rows.length < events.length) {
      const row = this.body.insertRow();
      row.append(element("th", { scope: "row" }), ...this.names.map(() => element("td")), element("td", { className: "text" }));
    }
    [...this.body.rows].forEach((row, index) => {
      const event = events[index];
      row.hidden = !event;
      row.event = event;
      if (event) this.#row(row, event);
    });
  }

  #row({ cells }, { id, json, arrivals }) {
    const first = Math.min(...Object.values(arrivals).map(({ at }) => at));
    write(cells[0], id);
    this.names.forEach((name, index) => {
      const arrival = arrivals[name];
      const later = arrival && arrival.at > first ? ` +${inUnit(1000 * (arrival.at - first), "us")}` : arrival ? " first" : "";
      write(cells[index + 1], `${inUnit(arrival?.latency_us, "us")}${later}${arrival?.is_hollow ? " hollow" : ""}`);
    });
    write(cells[this.names.length + 1], dataOf(json));
  }

  #light() {
    for (const row of this.body.rows) row.classList.toggle("lit", !!row.event && row.event.id === this.view.hovered);
  }
}

/** What was published, as it is in the event's own text. */
function dataOf(json) {
  const at = json.indexOf('"data":');
  return at < 0 ? json : json.slice(at + 7, -1).slice(0, 80);
}
