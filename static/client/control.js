// The control topic: what the server says of this page's own requests, read over whichever transport works.
//
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"marks":[…],"unshown":0,"ledgers":{…}}}
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"state":{…}}}
//
// The page must survive the faults it shows: where nothing comes over SSE, it is WebSocket's turn, then long polling's,
// then polling's. Whether something should have come is known: each `GET /time` makes marks. A position is kept
// from one transport to the next, so that no mark is lost on the way. These requests bear no `client`: what they
// cost is no lane's.

import { Ended } from "./ended.js";
import { fetchAnswer } from "./answer.js";
import { now, sleep } from "./now.js";
import { Reader } from "./reader.js";
import { tell } from "./outbox.js";
import { TRANSPORTS } from "../transport/index.js";

const ORDER = ["sse", "websocket", "longpoll", "poll"];

/** A mark is published within 100 ms; it may be under way, and a poll asks twice a second. */
const DUE_MS = 3000;

/** A worse transport is read for so long before the better ones are tried again. */
const BEST_AGAIN_MS = 60_000;

export class Control {
  #heardAt = 0;
  #attempt = null;

  /** `clock`: asks the time. `onMarks(marks, at, isComplete)`: told each batch. */
  constructor(clock, onMarks) {
    Object.assign(this, { clock, onMarks });
    this.reader = new Reader({}, { news: (news) => this.#news(news), serverTime: () => 0 });
  }

  /** Reads until the signal aborts. */
  async keepReading({ control, client }, signal) {
    const topic = `control.${client}`;
    if (topic !== this.reader.options.topic) this.reader.stand.forget();
    this.reader.options = { base: control, topic, interval_ms: 500, hold_s: 25, reconnect: "spread" };
    while (!signal.aborted) {
      await this.#askState(control, signal);
      const ended = await this.#readOver(signal);
      this.reader.signal = signal;
      this.#tell("none", "waiting", ended.message);
      if (ended !== AGAIN) await this.reader.comeBack(ended);
    }
  }

  /** Reads over the first transport that brings something, and tells why it no longer does. */
  async #readOver(signal) {
    for (const transport of ORDER) {
      const ended = await this.#attemptOver(transport, signal);
      if (this.#attempt.hasHeard || signal.aborted) return ended;
    }
    return new Ended(`nothing came over ${ORDER.join(", ")}`);
  }

  async #attemptOver(transport, signal) {
    const run = new AbortController();
    const stop = () => run.abort(new Ended("closed by the page"));
    signal.addEventListener("abort", stop);
    this.#attempt = { transport, run, hasHeard: false, due: null };
    this.#tell(transport, "connecting", `trying ${transport}`);
    const best = setTimeout(() => transport !== ORDER[0] && run.abort(AGAIN), BEST_AGAIN_MS);
    this.reader.begin(run.signal);
    try {
      const reads = TRANSPORTS[transport](this.reader);
      this.#forceMark(run.signal);
      return await reads;
    } catch (ended) {
      return run.signal.reason ?? ended;
    } finally {
      clearTimeout(best);
      clearTimeout(this.#attempt.due);
      signal.removeEventListener("abort", stop);
      run.abort();
    }
  }

  /** Once this topic has been asked for, a request of ours makes marks on it. */
  async #forceMark(signal) {
    await sleep(DUE_MS / 10, signal);
    if (!signal.aborted) this.clock.ask(signal);
    // Where not even the time is answered, the next transport is tried all the same.
    this.#due(now() + 2 * DUE_MS);
  }

  /** An answer came whose request was seen by the server at `asked_at` at the earliest: a mark is due. */
  timeAnswered(asked_at) {
    this.#due(now() + DUE_MS, asked_at);
  }

  #due(until, since = now()) {
    const attempt = this.#attempt;
    if (!attempt || attempt.due) return;
    attempt.due = setTimeout(() => {
      attempt.due = null;
      if (this.#heardAt < since) attempt.run.abort(new Ended(`nothing came over ${attempt.transport}`));
    }, until - now());
  }

  #news({ is, at, message }) {
    if (is !== "event" && is !== "gap") return;
    this.#hear(at);
    if (is === "gap") return this.onMarks([], at, false);
    const { marks, unshown = 0, ledgers = {}, state } = message.data ?? {};
    if (state) tell({ is: "server", at, state });
    if (!marks) return;
    tell({ is: "marks", marks, unshown, ledgers });
    this.onMarks(marks, at, unshown === 0);
  }

  #hear(at) {
    this.#heardAt = at;
    if (this.#attempt.hasHeard) return;
    this.#attempt.hasHeard = true;
    this.#tell(this.#attempt.transport, "live", this.#attempt.transport);
  }

  async #askState(control, signal) {
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(DUE_MS)]);
      const { at, status, text } = await fetchAnswer(`${control}/control`, { signal: patience });
      if (status === 200) tell({ is: "server", at, state: JSON.parse(text) });
    } catch {
      // Where the server is away, the topic's own state says so.
    }
  }

  #tell(transport, state, text) {
    tell({ is: "control", at: now(), transport, state, text });
  }
}

/** Why a transport that works is left. */
const AGAIN = new Ended("trying the better ones again");
