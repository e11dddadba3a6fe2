// The bank of six: who sits on which connection to an origin, and who waits for one.

import { emptyOf, isHttp2 } from "../run/bank.js";
import { element, write } from "./dom.js";

/** Connections over HTTP/1.1 that a browser opens to one origin. */
const SIX = 6;

const SHARED = "HTTP/2: one connection carries all requests, the six do not apply";

const UNKNOWN = "who is on which connection, and who waits, is not known: no marks of the server come";

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
    const origins = run.bank.origins(run.open(), run.serverUs(now_ms));
    const crowd = run.bank.seats().map(({ seat, state, at, base }) => ({ name: `EventSource ${seat + 1}`, state, at, base }));
    // Where no lane is on, the crowd has all six for itself.
    if (crowd.length && !origins.some(({ origin }) => origin === crowd[0].base)) {
      origins.push(emptyOf(crowd[0].base));
    }
    const seated = crowd.filter(({ state }) => state === "open" || state === "event");
    const late = crowd.filter(({ state, at }) => state === "asked" && now_ms - at > WAITS_MS);
    const lines = origins.flatMap((origin) => {
      const own = seated.filter(({ base }) => base === origin.origin).map(({ name }) => ["busy", name]);
      const isShared = origin.shared.size > 0 || isHttp2;
      const head = ["origin", `${origin.origin.replace(/^https?:\/\//, "")}${isShared ? ` · ${SHARED}` : ""}`];
      if (!run.isHeard) return [head, ["unknown", UNKNOWN], ...own];
      const waiting = origin.waiting.filter(({ asked_at }) => now_ms - asked_at > WAITS_MS);
      return [head, ...placesOf(origin, own, isShared), ...waiting.map(({ lane, asked_at }) => ["waits", `${lane} ${since(asked_at)}`])];
    });
    const failed = crowd.filter(({ state }) => state === "failed").map(({ name }) => ["waits", `${name} failed`]);
    this.#show([...lines, ...late.map(({ name, at }) => ["waits", `${name} ${since(at)}`]), ...failed]);
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

/** What the server's marks tell of an origin; `own` are the crowd's. */
function placesOf({ seats, beside, shared }, own, isShared) {
  const busy = [...seats.filter(({ is_busy }) => is_busy).map(({ connection, lane }) => ["busy", `#${connection} ${lane}`]), ...own];
  // Who needs a seat is given one that is idle: of those as many can be left as there is room for.
  const idle = seats.filter(({ is_busy }) => !is_busy).reverse().slice(0, Math.max(0, SIX - busy.length));
  const taken = [...busy, ...idle.map(({ connection, lane }) => ["idle", `#${connection} ${lane} idle`])];
  return [
    ...[...shared].map(([connection, lanes]) => ["shared", `#${connection} ${lanes.join(", ")}`]),
    ...taken,
    ...Array.from({ length: isShared ? 0 : Math.max(0, SIX - taken.length) }, () => ["free", "–"]),
    ...beside.map(({ connection, lane }) => ["beside", `beside: #${connection} ${lane}`]),
  ];
}
