// The shell: everything around the pictures. A table of contents, and the way of a choice:
//
//   control ─▶ desk.view ─▶ worker (config) · address bar · stage
//   server ──▶ desk.state ─▶ controls

import { isHttp2 } from "../run/bank.js";
import { notice } from "./notices.js";
import { showAddress } from "./address.js";
import { showAsking } from "./asking.js";
import { makeDesk, baseOf } from "./desk.js";
import { showFeed } from "./feed.js";
import { showKeys } from "./keys.js";
import { showLanes } from "./lanes.js";
import { showNetwork } from "./network.js";
import { theToken } from "./operator.js";
import { LANES } from "./scene.js";
import { showSight } from "./sight.js";
import { showStatus } from "./status.js";
import { showTake } from "./take.js";
import { showTalk } from "./talk.js";
import { showTheory } from "./theory.js";
import { showTime } from "./time.js";

/** Four figures a second can be read, no more. */
const TICK_MS = 250;

const PARTS = [
  showSight, showLanes, showFeed, showNetwork, showAsking, showTime, showTheory, showTalk, showTake, showStatus, showKeys,
];

/** Opens it; returns what takes the worker's entries. */
export function openShell(run, stage, send) {
  const desk = makeDesk(run, stage, send);
  tellWorker(desk);
  for (const show of PARTS) show(desk);
  showAddress(desk);
  setInterval(() => desk.stage.view.frozen || desk.tell("tick"), TICK_MS);
  return (entries) => desk.tell("entries", entries);
}

/** Where the lanes are to be; while the links are not known, nowhere. */
function configOf(desk) {
  const { view, state, client } = desk;
  const lane = (name) => [name, { on: Boolean(state) && name in view.lanes, base: baseOf(desk, name) }];
  return {
    client, isHttp2, token: theToken(), control: location.origin, topic: "demo", interval_ms: intervalOf(desk), hold_s: view.hold,
    reconnect: view.reconnect, lanes: Object.fromEntries(LANES.map(lane)),
  };
}

function intervalOf({ view, state }) {
  const floor = state?.poll_floor_ms ?? 0;
  const isBelow = view.interval < floor;
  notice("floor", isBelow && `asked to poll every ${view.interval} ms, the server's floor is ${floor} ms: took ${floor} ms`);
  return isBelow ? floor : view.interval;
}

function tellWorker(desk) {
  let told;
  const tell = () => {
    const config = configOf(desk);
    if (told === JSON.stringify(config)) return;
    told = JSON.stringify(config);
    desk.send({ config });
  };
  desk.on("view", tell);
  desk.on("server", tell);
  const tellVisible = () => desk.send({ visible: document.visibilityState === "visible" });
  document.addEventListener("visibilitychange", tellVisible);
  if (document.hidden) tellVisible();
  addEventListener("pagehide", () => desk.send({ leave: true }));
  addEventListener("pageshow", ({ persisted }) => persisted && desk.send({ back: true }));
}
