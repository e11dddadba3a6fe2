// What stands in the header beside the controls, and what the room should know of server, clock and browser.

import { duration } from "../chart/figures.js";
import { find, write } from "./dom.js";
import { notice } from "./notices.js";
import { LANES } from "./scene.js";

/** An interruption that is over before is no news. */
const AWAY_MS = 2000;

export function showStatus(desk) {
  let awaySince = null;
  const epochs = new Set();
  desk.on("entries", (entries) => {
    for (const entry of entries) {
      if (entry.is === "limit") notice("limit", entry.text);
      if (entry.is === "event") noteEpoch(epochs, entry.id);
      if (entry.is === "control") awaySince = entry.state === "live" ? null : (awaySince ?? Date.now());
    }
  });
  desk.on("server", () => {
    const { devices } = desk.state;
    write(find("devices-said"), devices > 0 ? `${devices} device${devices > 1 ? "s" : ""}` : "");
  });
  desk.on("tick", () => {
    const { control, clock, isHeard } = desk.run;
    write(find("control-said"), `control: ${!control ? "–" : control.state === "live" ? control.transport : control.state}`);
    write(find("clock-said"), clock ? `clock ±${duration(clock.error_us)}` : "clock –");
    const marks = isHeard ? `server's marks ±${duration(clock?.error_us)}` : "no marks of the server: its end is not known";
    write(find("marks-said"), clock ? marks : "the server's clock is not known");
    // That the page is let in nowhere is said already.
    const isAway = awaySince && !desk.isRefused && Date.now() - awaySince > AWAY_MS;
    notice("away", isAway && (control.state === "refused" ? control.text : `no word from the server: ${control.text}`));
    notice("clock", clock && doubt(desk.run, clock));
  });
}

/** Each life of a topic has its own epoch. */
function noteEpoch(epochs, id) {
  const epoch = id.slice(0, id.lastIndexOf("-"));
  if (epochs.has(epoch)) return;
  epochs.add(epoch);
  notice("anew", epochs.size > 1 && `server began anew at ${new Date().toLocaleTimeString()}: what it knew before is gone`);
}

/** An error above a tenth of a figure is no longer beside the point. */
function doubt(run, { error_us }) {
  const of = (lane) => ({ lane, p50: run.figures(lane).p50_us });
  const [least] = LANES.map(of).filter(({ p50 }) => p50 > 0).sort((one, other) => one.p50 - other.p50);
  const isLarge = least && error_us > least.p50 / 10;
  return isLarge && `the clock's ± is more than a tenth of the p50 of ${least.lane}`;
}
