// The bank of six: who sits on which connection to an origin, and who waits for one.

import { element, write } from "./dom.js";

/** Connections over HTTP/1.1 that a browser opens to one origin. */
const SIX = 6;

/** A request that has not arrived by then waits for a connection, or for a slow link. */
const WAITS_MS = 250;

const PHASES = { asked: "waits for a connection", open: "is open", event: "is open", failed: "failed" };

export class BankPanel {
  every_ms = 500;

  constructor(host, run) {
    this.run = run;
    this.list = element("ul", { className: "bank" });
    host.append(this.list);
  }

  draw() {
    const now_ms = performance.timeOrigin + performance.now();
    const { origins, crowd } = this.run.bank.origins(this.run.open(), now_ms * 1000 + (this.run.clock?.offset_us ?? 0));
    const lines = origins.flatMap((origin) => this.#origin(origin, now_ms));
    const seats = crowd.map(({ seat, state, at }) => [state === "asked" && now_ms - at > WAITS_MS ? "waits" : "crowd", `EventSource ${seat + 1} ${PHASES[state] ?? state}${state === "asked" ? ` since ${((now_ms - at) / 1000).toFixed(0)} s` : ""}`]);
    this.#show([...lines, ...seats]);
  }

  #origin({ origin, seats, beside, waiting }, now_ms) {
    const free = Math.max(0, SIX - seats.length);
    const late = waiting.filter(({ asked_at }) => now_ms - asked_at > WAITS_MS);
    return [
      ["origin", origin.replace(/^https?:\/\//, "")],
      ...seats.map(({ connection, lane, is_busy }) => [is_busy ? "seat busy" : "seat", `#${connection} ${lane}${is_busy ? "" : ", idle"}`]),
      ...Array.from({ length: free }, () => ["seat free", "not seen"]),
      ...beside.map(({ connection, lane }) => ["beside", `#${connection} ${lane}`]),
      ...late.map(({ lane, n, asked_at }) => ["waits", `${lane} (${n}) waits since ${((now_ms - asked_at) / 1000).toFixed(0)} s`]),
    ];
  }

  #show(lines) {
    while (this.list.children.length > lines.length) this.list.lastChild.remove();
    lines.forEach(([kind, text], at) => {
      const item = this.list.children[at] ?? this.list.appendChild(element("li"));
      if (item.className !== kind) item.className = kind;
      write(item, text);
    });
  }
}
