// The control topic: what the server says of this page's own requests, read over whichever transport works.
//
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"marks":[…],"unshown":0,"ledgers":{…}}}
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"state":{…}}}
//
// The page must survive the faults it shows: where nothing comes over SSE, it is WebSocket's turn, then long polling's,
// then polling's. That something should have come is known, as each `GET /time` makes marks. The position is kept from
// one transport to the next, so that no mark is lost. These requests bear no `client`: what they cost is no lane's.

import { Ended } from "./ended.js";
import { fetchAnswer } from "./answer.js";
import { now, sleep } from "./now.js";
import { Reader } from "./reader.js";
import { tell } from "./outbox.js";
import { withToken } from "./token.js";
import { TRANSPORTS } from "../transport/index.js";

const ORDER = ["sse", "websocket", "longpoll", "poll"];

/** How long nothing may come that should; and so many round trips: two handshakes, a request, an event. */
const DUE_MS = 3000;
const DUE_ROUND_TRIPS = 4;

/** A new transport is open by then, and a mark is made for it. */
const OPEN_MS = 300;

/** A worse transport is read for so long before the better ones are tried again. */
const BEST_AGAIN_MS = 60_000;
const AGAIN = new Ended("trying the better ones again");

export class Control {
  #heardAt = 0;
  #attempt = null;
  #ended = Promise.resolve();

  /** `clock` makes marks; `onMarks(marks, at, isComplete)` is told them. */
  constructor(clock, onMarks) {
    Object.assign(this, { clock, onMarks });
    this.reader = new Reader((news, message) => this.#news(news, message));
  }

  /** Reads until the signal aborts, once the one before has ended. */
  keepReading(config, signal) {
    this.#ended = this.#ended.then(() => this.#keepReading(config, signal));
  }

  async #keepReading({ control, client, token }, signal) {
    const topic = `control.${client}`;
    if (topic !== this.reader.options.topic) this.reader.stand.forget();
    this.reader.options = { base: control, topic, token, interval_ms: 500, hold_s: 25, reconnect: "spread" };
    while (!signal.aborted) {
      this.#askState(control, token);
      const ended = await this.#readOver(ORDER, signal);
      this.reader.begin(signal);
      if (ended === AGAIN) continue;
      this.#tell("none", "waiting", ended.message);
      await this.reader.comeBack(ended);
    }
  }

  /** Reads over the first transport that brings something; returns why it no longer does. */
  async #readOver([transport, ...others], signal) {
    const run = new AbortController();
    const attempt = (this.#attempt = { transport, run, hasHeard: false, due: null });
    const ended = await this.#attemptOver(transport, AbortSignal.any([signal, run.signal]));
    clearTimeout(attempt.due);
    if (attempt.hasHeard || signal.aborted || ended.isFinal) return run.signal.reason ?? ended;
    return others.length ? this.#readOver(others, signal) : new Ended(`nothing came over ${ORDER.join(", ")}`);
  }

  async #attemptOver(transport, signal) {
    const { run } = this.#attempt;
    this.#tell(transport, "connecting", `trying ${transport}`);
    const again = setTimeout(() => transport !== ORDER[0] && run.abort(AGAIN), BEST_AGAIN_MS);
    const open = setTimeout(() => this.clock.ask(), OPEN_MS);
    this.#due(now());
    try {
      this.reader.begin(signal);
      return await TRANSPORTS[transport](this.reader);
    } catch (ended) {
      return ended;
    } finally {
      clearTimeout(again);
      clearTimeout(open);
    }
  }

  /** The server saw a request after `since`: its mark is due. */
  timeAnswered(since) {
    if (!this.#attempt?.due) this.#due(since);
  }

  #due(since) {
    const attempt = this.#attempt;
    attempt.due = setTimeout(() => {
      attempt.due = null;
      // Before anything was answered, nothing is known of the way: a stream that cannot be made ends by itself.
      if (this.clock.round_trip_ms === null) this.#due(since);
      else if (this.#heardAt < since) attempt.run.abort(new Ended(`nothing came over ${attempt.transport}`));
    }, DUE_MS + DUE_ROUND_TRIPS * this.clock.round_trip_ms);
  }

  #news({ is, at }, message) {
    if (is !== "event" && is !== "gap") return;
    this.#hear(at);
    const { marks = [], unshown = 0, ledgers = {}, state } = message?.data ?? {};
    if (state) return tell({ is: "server", at, state });
    if (is === "event") tell({ is: "marks", marks, unshown, ledgers });
    this.onMarks(marks, at, is === "event" && unshown === 0);
  }

  #hear(at) {
    this.#heardAt = at;
    const { transport, hasHeard } = this.#attempt;
    this.#attempt.hasHeard = true;
    if (!hasHeard) this.#tell(transport, "live", transport);
  }

  async #askState(control, token) {
    try {
      const { at, status, text } = await fetchAnswer(withToken(`${control}/control?`, token), { signal: AbortSignal.timeout(DUE_MS) });
      if (status === 200) tell({ is: "server", at, state: JSON.parse(text) });
    } catch {
      // Where the server is away, the topic's own state says so.
    }
  }

  #tell(transport, state, text) {
    tell({ is: "control", at: now(), transport, state, text });
  }
}
