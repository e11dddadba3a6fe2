// Other tabs of this browser on this server: they share the six connections of each origin.

import { allInUse, inUse, POOL } from "./pool.js";
import { now } from "./now.js";
import { tell } from "./outbox.js";

const EVERY_MS = 1000;

/** A tab that has not spoken for so long is gone, or asleep and without connections. */
const GONE_MS = 3 * EVERY_MS;

const others = new Map();
let told = "";

/** Tells the other tabs what this one uses, and the page what they use together. */
export function watchTabs(client, signal) {
  const channel = new BroadcastChannel("wirelanes");
  channel.onmessage = ({ data }) => others.set(data.client, { used: data.used, at: now() });
  const speak = () => {
    channel.postMessage({ client, used: allInUse() });
    tellLimit();
  };
  const timer = setInterval(speak, EVERY_MS);
  speak();
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    channel.close();
  });
}

function tellLimit() {
  for (const [client, { at }] of others) if (now() - at > GONE_MS) others.delete(client);
  const text = limit();
  if (text !== told) tell({ is: "limit", at: now(), text });
  told = text;
}

/** Of the origin with the fewest connections left; empty where there is no other tab. */
function limit() {
  const totals = new Map();
  for (const [origin, count] of [...others.values()].flatMap(({ used }) => used)) {
    totals.set(origin, (totals.get(origin) ?? inUse(origin)) + count);
  }
  const [origin, total] = [...totals].sort(([, one], [, other]) => other - one)[0] ?? [];
  const used = `${Math.min(total, POOL)} of ${POOL} connections to ${origin} are in use`;
  return origin ? `another tab of this browser: ${used}` : "";
}
