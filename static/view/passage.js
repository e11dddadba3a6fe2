// A passage in words: for the read-out, the table and the inspector.

import { duration } from "../chart/figures.js";
import { timeOfDay } from "./dom.js";

export const ROW_NAMES = ["lane", "what", "bytes", "client's end", "server's end", "one way", "held", "events"];

/** A span in ms as people read it. */
export const inMs = (ms) => duration(1000 * ms);

const NAMES = { request: "request", answer: "answer", frame: "frame", beat: "frame without an event", said: "frame up", failure: "failed", closed: "closed", gap: "gap" };

function nameOf({ kind, status, error, lane, transport }) {
  return [NAMES[kind], lane !== transport && `over ${transport}`, status || "", error].filter(Boolean).join(" ");
}

/** The span between its two ends, `–` where one of them is not known. */
function oneWay(run, { client_at, server_us, is_up }) {
  const span = (is_up ? -1 : 1) * (client_at - run.browserMs(server_us));
  return Number.isNaN(span) ? "–" : inMs(span);
}

function heldFor({ held_us, server_us }) {
  return held_us > 0 ? duration(server_us - held_us) : "–";
}

export function rowOf(run, passage) {
  const { lane, n, http, body, client_at, server_us, is_counted, events } = passage;
  const ends = [client_at, run.browserMs(server_us)].map(timeOfDay);
  return [lane, `${nameOf(passage)} (${n})`, is_counted ? `${http + body} B` : "–", ...ends, oneWay(run, passage), heldFor(passage), String(events)];
}

export function read(run, passage) {
  const row = rowOf(run, passage);
  return ROW_NAMES.map((name, at) => (at < 2 ? row[at] : `${name} ${row[at]}`)).filter((text) => !text.endsWith("–")).join(", ");
}
