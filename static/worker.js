// The Worker that the lanes run in, so that drawing adds nothing to what they measure.
//
//   page ── config, publish, crowd, visible, leave, back ──▶ worker ── entries ──▶ page
//
// Read `transport/*.js` first: one file is one transport. `client/*.js` is what is the same for all of them, and
// `fallback/*.js` reads over whichever of them works.

import { Clock } from "./client/clock.js";
import { Control } from "./client/control.js";
import { crowd } from "./client/crowd.js";
import { Lane, LANES } from "./client/lane.js";
import { now } from "./client/now.js";
import { parseId } from "./client/stand.js";
import { publish, tookAnswer } from "./client/publish.js";
import { watchTabs } from "./client/tabs.js";

/** A lane's words count down in tenths of a second. */
const TICK_MS = 100;

const clock = new Clock((asked_at) => control.timeAnswered(asked_at));
const control = new Control(clock, (marks, at, isComplete) => {
  for (const lane of lanes) {
    marks.forEach((mark) => lane.mark(mark));
    lane.heardControl(at, isComplete);
  }
});

let isVisible = true;
let visible_since_us = -Infinity;
/** What was sent while nobody looked may have waited for a throttled browser. */
const flagOf = (sent_us) => (isVisible && sent_us >= visible_since_us ? "" : "hidden");

const onForeign = (lane, at, message) => tookAnswer(lane.name, at, message);
const onAnew = (one) => lanes.forEach((lane) => lane.anew(parseId(one.reader.stand.id)));
const knows = { serverTime: clock.serverTime, flagOf };
const lanes = LANES.map((name) => new Lane(name, knows, { onForeign, onAnew }));

let config = null;
let hasLeft = false;
let running = null;

function run() {
  for (const lane of lanes) {
    const { on = false, base } = config.lanes[lane.name] ?? {};
    lane.want({ ...config, base }, on);
  }
  const wanted = `${config.control} ${config.client} ${config.token}`;
  if (running?.wanted === wanted) return;
  running?.abort();
  running = Object.assign(new AbortController(), { wanted });
  clock.keepAsking(config, running.signal);
  control.keepReading(config, running.signal);
  // Over HTTP/2 tabs share one connection that none of them uses up.
  if (!config.isHttp2) watchTabs(config.client, running.signal);
}

function leave() {
  running?.abort();
  running = null;
  for (const lane of lanes) {
    lane.stop();
    lane.tick();
  }
  crowd(0);
}

const HEARD = {
  config: (wanted) => {
    config = wanted;
    if (!hasLeft) run();
  },
  publish: (wanted) => publish(wanted, lanes.find((lane) => lane.name === wanted.lane), config),
  crowd: ({ count, base }) => crowd(count, base, config),
  visible: (wanted) => {
    if (wanted && !isVisible) visible_since_us = clock.serverTime(now());
    isVisible = wanted;
  },
  leave: () => {
    hasLeft = true;
    leave();
  },
  back: () => {
    hasLeft = false;
    if (config) run();
  },
};

onmessage = ({ data }) => {
  for (const [verb, wanted] of Object.entries(data)) HEARD[verb](wanted);
};

setInterval(() => lanes.forEach((lane) => lane.tick()), TICK_MS);
