// How long things may take: all from one measured span, within bounds.

/** Reading over whatever works stands beside the transports under this name. It is none itself. */
export const AUTO = "auto";

/** No transport is given up earlier: a lost segment is sent again after 1 s, and this leaves as much for what follows. */
const LEAST_MS = 2000;

/** None is given longer. */
const LONGEST_MS = 10_000;

/** Where nothing waits in the log, there is only an opening to be seen: it may take so much longer. */
const SOON_MS = 1000;

/** How often a stream's connection says something: below the silence after which middleboxes cut it. */
export const HEARTBEAT_S = 5;

/** A better transport that failed is tried again after this, and after twice as long each time it fails again. */
export const AGAIN_MS = 10_000;

/** It is tried no more rarely than that. */
export const RAREST_MS = 600_000;

/** P: how long a waiting event may take, where what took 2R lately took so long; three times as much, for a lost segment. */
const patience = (took_ms) => (took_ms === null ? LONGEST_MS : Math.min(LONGEST_MS, Math.max(LEAST_MS, 3 * took_ms)));

/** How long one may take to show that it works. */
export const trial = (took_ms, waits) => patience(took_ms) + (waits ? 0 : SOON_MS);

/** Where all failed, the network may have become slower: twice as long the next time. */
export const slower = (took_ms) => took_ms && Math.min(LONGEST_MS, 2 * took_ms);
