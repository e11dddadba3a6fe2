// The control topic: what the server says of this page's own requests, read over whichever transport works.
//
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"marks":[…],"unshown":0,"ledgers":{…}}}
//   {"id":…,"topic":"control._4f…","sent_us":…,"data":{"state":{…}}}
//
// The page must survive the faults it shows: it is read over whichever transport works, as the lane `auto` is. That
// something should have come is known, as each `GET /time` makes marks. The position is kept from one transport to the
// next, so that no mark is lost. These requests bear no `client`: what they cost is no lane's.

import { Auto } from "../fallback/auto.js";
import { fetchAnswer } from "./answer.js";
import { now } from "./now.js";
import { subscribe } from "../transport/index.js";
import { tell } from "./outbox.js";
import { withToken } from "./token.js";

/** A WebSocket says no more here than an event stream: what asks least of middleboxes comes first. */
const ORDER = ["sse", "websocket", "longpoll", "poll"];

/** How long nothing may come that should; and so many round trips: two handshakes, a request, an event. */
const DUE_MS = 3000;
const DUE_ROUND_TRIPS = 4;

/** The topic's own name holds only until this page closes. */
const NOT_GRANTED =
  "the token grants nothing of what the server counts of this page: no bytes, no connections, no server's end of the ladder; " +
  "ask for one made with `--subscribe 'control.*'` as well";

export class Control {
  #heardAt = 0;
  #due = null;
  #isLive = false;
  /** The token does not grant the topic. */
  #isForbidden = false;
  /** What the server was told since was not heard. */
  #wasAway = true;
  #ended = Promise.resolve();

  /** `clock` makes marks; `onMarks(marks, at, isComplete)` is told them. */
  constructor(clock, onMarks) {
    Object.assign(this, { clock, onMarks });
    this.reader = new Auto((news, message) => this.#news(news, message), {}, ORDER);
  }

  /** Reads until the signal aborts, once the one before has ended. */
  keepReading(config, signal) {
    this.#ended = this.#ended.then(() => this.#keepReading(config, signal));
  }

  async #keepReading({ control, client, token }, signal) {
    const topic = `control.${client}`;
    if (topic !== this.reader.options.topic) this.reader.stand.forget();
    this.#isForbidden = false;
    this.reader.options = { base: control, topic, token, interval_ms: 500, hold_s: 25, reconnect: "spread" };
    this.#askState();
    await subscribe((auto) => auto.read(), this.reader, signal);
  }

  /** The server saw a request after `since`: its mark is due. */
  timeAnswered(since) {
    if (this.#due) return;
    this.#due = setTimeout(() => {
      this.#due = null;
      if (this.#heardAt < since) this.reader.fellSilent("the server made marks, none came");
    }, DUE_MS + DUE_ROUND_TRIPS * this.clock.round_trip_ms);
  }

  #news({ is, at, flag, transport }, message) {
    if (is === "chose") return this.#chose(transport);
    if (is === "asked" && !this.#isLive && !this.#isForbidden) this.#tell("none", "connecting", this.reader.words.connecting);
    if (is === "ended") this.#isOver(this.reader.back.ended);
    if (is !== "event" && is !== "gap") return;
    this.#heardAt = at;
    if (flag === "overlap") return;
    const { marks = [], unshown = 0, ledgers = {}, state } = message?.data ?? {};
    if (state) return tell({ is: "server", at, state });
    if (is === "event") tell({ is: "marks", marks, unshown, ledgers });
    this.onMarks(marks, at, is === "event" && unshown === 0);
  }

  #chose(transport) {
    if (this.#wasAway) this.#askState();
    [this.#isLive, this.#wasAway, this.#isForbidden] = [true, false, false];
    this.#tell(transport, "live", transport);
    // What has only opened is judged by the mark that this makes.
    this.clock.ask();
  }

  #isOver(ended) {
    [this.#isLive, this.#wasAway] = [false, true];
    this.#isForbidden = ended.status === 403 && Boolean(this.reader.options.token);
    if (this.#isForbidden) this.#tell("none", "refused", NOT_GRANTED);
    else this.#tell("none", "waiting", ended.message);
  }

  async #askState() {
    const { base, token } = this.reader.options;
    try {
      const { at, status, text } = await fetchAnswer(withToken(`${base}/control?`, token), { signal: AbortSignal.timeout(DUE_MS) });
      if (status === 200) tell({ is: "server", at, state: JSON.parse(text) });
    } catch {
      // Where the server is away, the topic's own state says so.
    }
  }

  #tell(transport, state, text) {
    tell({ is: "control", at: now(), transport, state, text });
  }
}
