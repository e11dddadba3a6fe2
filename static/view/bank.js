// The bank of six: who sits on which connection to an origin, and who waits for one.

import { element, write } from "./dom.js";

/** Connections over HTTP/1.1 that a browser opens to one origin. */
const SIX = 6;

/** What has not arrived by then waits for a connection, or for a slow link. */
const WAITS_MS = 250;

export class BankPanel {
  every_ms = 500;

  constructor(host, run) {
    this.run = run;
    this.list = element("ul", { className: "bank" });
    host.append(this.list);
  }

  draw() {
    const { run } = this;
    const now_ms = performance.timeOrigin + performance.now();
    const since = (at) => `waits since ${((now_ms - at) / 1000).toFixed(0)} s`;
    const lines = run.bank.origins(run.open(), run.serverUs(now_ms)).flatMap(({ origin, seats, beside, waiting }) => [
      ["origin", origin.replace(/^https?:\/\//, "")],
      ...seats.map(({ connection, lane, is_busy }) => [is_busy ? "busy" : "idle", `#${connection} ${lane}${is_busy ? "" : " idle"}`]),
      ...Array.from({ length: Math.max(0, SIX - seats.length) }, () => ["free", "–"]),
      ...beside.map(({ connection, lane }) => ["beside", `beside: #${connection} ${lane}`]),
      ...waiting.filter(({ asked_at }) => now_ms - asked_at > WAITS_MS).map(({ lane, asked_at }) => ["waits", `${lane} ${since(asked_at)}`]),
    ]);
    const crowd = run.bank.seats().map(({ seat, state, at }) => {
      const isWaiting = state === "asked" && now_ms - at > WAITS_MS;
      return [isWaiting ? "waits" : "crowd", `EventSource ${seat + 1} ${isWaiting ? since(at) : state}`];
    });
    this.#show([...lines, ...crowd]);
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
