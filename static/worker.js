// The Worker that the lanes run in: drawing adds nothing to what they measure.
//
//   page ── config, publish, crowd, visible, leave, back ──▶ worker ── entries ──▶ page
//
// Read `transport/*.js` first: one file is one transport. `client/*.js` is what is the same for all of them.

import { Clock } from "./client/clock.js";
import { Control } from "./client/control.js";
import { crowd } from "./client/crowd.js";
import { Lane } from "./client/lane.js";
import { now } from "./client/now.js";
import { publish, tookAnswer } from "./client/publish.js";
import { TRANSPORTS } from "./transport/index.js";
import { watchTabs } from "./client/tabs.js";

/** A lane's words count down in tenths of a second. */
const TICK_MS = 100;

const clock = new Clock((asked_at) => control.timeAnswered(asked_at));
const control = new Control(clock, (marks, at, isComplete) => lanes.forEach((lane) => {
  marks.forEach((mark) => lane.mark(mark));
  lane.heardControl(at, isComplete);
}));

let isVisible = true;
let visible_since_us = -Infinity;
/** What was sent while nobody looked may have waited for a throttled browser. */
const flagOf = (sent_us) => (isVisible && sent_us >= visible_since_us ? "" : "hidden");

const lanes = Object.keys(TRANSPORTS).map(
  (name) => new Lane(name, { serverTime: clock.serverTime, flagOf }, (lane, news, message) => tookAnswer(lane.name, news, message)),
);

let config = null;
let hasLeft = false;
let running = null;
let runs = "";

function run() {
  for (const lane of lanes) {
    const { on, base } = config.lanes[lane.name] ?? {};
    const { topic, client, interval_ms, hold_s, reconnect } = config;
    lane.want({ base, topic, client, interval_ms, hold_s, reconnect }, Boolean(on));
  }
  const wanted = JSON.stringify([config.control, config.client]);
  if (running && wanted === runs) return;
  running?.abort();
  running = new AbortController();
  runs = wanted;
  clock.keepAsking(config, running.signal);
  control.keepReading(config, running.signal);
  watchTabs(config.client, running.signal);
}

const HEARD = {
  config(wanted) {
    config = wanted;
    if (!hasLeft) run();
  },
  publish(wanted) {
    publish(wanted, lanes.find((lane) => lane.name === wanted.lane), config);
  },
  crowd({ count, base }) {
    crowd(count, base, config.topic);
  },
  visible(wanted) {
    if (wanted && !isVisible) visible_since_us = clock.serverTime(now());
    isVisible = wanted;
  },
  leave() {
    hasLeft = true;
    running?.abort();
    running = null;
    lanes.forEach((lane) => lane.stop());
    lanes.forEach((lane) => lane.tick());
    crowd(0);
  },
  back() {
    hasLeft = false;
    if (config) run();
  },
};

onmessage = ({ data }) => {
  for (const [verb, wanted] of Object.entries(data)) HEARD[verb]?.(wanted);
};

setInterval(() => lanes.forEach((lane) => lane.tick()), TICK_MS);
