// Other tabs of this browser on the same server: they share the six connections of each origin.

import { allInUse, inUse, POOL } from "./pool.js";
import { now } from "./now.js";
import { tell } from "./outbox.js";

const EVERY_MS = 1000;

/** A tab that has not spoken for so long is gone, or asleep and without connections. */
const GONE_MS = 3 * EVERY_MS;

const others = new Map();
let told = "";

/** Tells the other tabs what this one uses, and the page what they all use. */
export function watchTabs(client, signal) {
  const channel = new BroadcastChannel("wirelanes");
  const look = () => {
    channel.postMessage({ client, used: allInUse() });
    tellLimit();
  };
  channel.onmessage = ({ data }) => {
    if (data.used) others.set(data.client, { used: data.used, at: now() });
    else others.delete(data.client);
    tellLimit();
  };
  const timer = setInterval(look, EVERY_MS);
  look();
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    channel.postMessage({ client });
    channel.close();
  });
}

function tellLimit() {
  for (const [client, { at }] of others) if (now() - at > GONE_MS) others.delete(client);
  const text = others.size ? limit() : "";
  if (text === told) return;
  told = text;
  tell({ is: "limit", at: now(), text });
}

/** The origin that is shared and has the fewest connections left; empty where none is shared. */
function limit() {
  const totals = new Map();
  for (const { used } of others.values()) {
    for (const [origin, count] of Object.entries(used)) totals.set(origin, (totals.get(origin) ?? inUse(origin)) + count);
  }
  const [origin, total] = [...totals].sort(([, one], [, other]) => other - one)[0] ?? [];
  const tabs = others.size === 1 ? "another tab" : `${others.size} other tabs`;
  return origin ? `${tabs} of this browser: ${Math.min(total, POOL)} of ${POOL} connections to ${origin} are in use` : "";
}
