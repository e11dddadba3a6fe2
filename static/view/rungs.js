// What is drawn between the two rails of a lane: holds, lines, dots, markers, crosses, bytes.
//
// `ladder` knows where: `x` of an instant of this browser's clock, `xOf` of one of the server's.

import { laneColour } from "../chart/style.js";
import { drawStamp } from "./stamps.js";

/** How far an open line is drawn. */
const OPEN_PX = 30;

const STROKE = 3;
const DOT = 4;

// NaN: nobody saw that end.
const isSeen = (at) => at === at;

/** A lane's passages of the time that is shown, in one picture; paths are stroked once for all of them. */
export function drawLane(ladder, context, lane, [client, server]) {
  const seen = ladder.visible(lane);
  context.strokeStyle = context.fillStyle = laneColour(lane.name, ladder.surface.theme);
  drawHolds(ladder, context, lane, seen, server);
  drawLines(ladder, context, lane, seen, client, server);
  for (const isCarrying of [false, true]) drawDots(ladder, context, seen, server, isCarrying);
  drawArrivals(ladder, context, lane, seen, client);
  drawCrosses(ladder, context, seen, client, server);
  drawLabels(ladder, context, lane, seen, client, server);
  if (lane.state !== "live") drawState(ladder, context, lane, client + ladder.row / 4);
}

/** Its state in a few words; all of them stand beside the ladder. */
function drawState(ladder, context, { state, text }, y) {
  const { theme } = ladder.surface;
  const words = (text || state).split(/[:,]/)[0];
  const width = context.measureText(words).width + 8;
  context.fillStyle = theme.ground;
  context.fillRect(ladder.right - width, y - theme.size, width, theme.size + 5);
  context.fillStyle = theme.ink;
  context.textAlign = "right";
  context.fillText(words, ladder.right - 4, y);
}

function drawHolds(ladder, context, lane, seen, y) {
  const hold = (from, to) => {
    const x = Math.max(ladder.left, from);
    context.fillRect(x, y - 7, Math.max(0, Math.min(to, ladder.right) - x), 14);
  };
  context.globalAlpha = 0.35;
  for (const { held_us, server_us } of seen) if (held_us > 0) hold(ladder.xOf(held_us), ladder.xOf(server_us));
  for (const { lane: name, held_us } of ladder.run.open()) if (name === lane.name && held_us > 0) hold(ladder.xOf(held_us), ladder.right);
  context.globalAlpha = 1;
}

function drawLines(ladder, context, lane, seen, client, server) {
  context.lineWidth = STROKE;
  context.beginPath();
  for (const { kind, n, client_at, server_us, is_up } of seen) {
    const [above, below] = [ladder.x(client_at), ladder.xOf(server_us)];
    if (isSeen(above) && isSeen(below)) {
      context.moveTo(above, client);
      context.lineTo(below, server);
    } else if (isSeen(below) && (kind === "answer" || kind === "frame")) openLine(ladder, context, below, server, client);
    else if (isSeen(above) && is_up && lane.has_marks && !ladder.run.exchange(n)?.has_ended) openLine(ladder, context, above, client, server);
  }
  context.stroke();
}

/** One end is known: the line begins there, and grows until it says no more than "under way". */
function openLine(ladder, context, x, from, to) {
  const length = Math.min(OPEN_PX, ladder.right - x);
  if (length <= 0) return;
  context.moveTo(x, from);
  context.lineTo(x + length, from + ((to - from) * 0.7 * length) / OPEN_PX);
}

/** Whether events are in it, as far as is known: the server's mark comes before or after the events themselves. */
function carries({ kind, events, status, body }) {
  return events > 0 || kind === "frame" || (kind === "answer" && status === 200 && body > 0);
}

/** On the server's rail: ● what carries events, ○ what does not. */
function drawDots(ladder, context, seen, y, isCarrying) {
  context.beginPath();
  for (const passage of seen) {
    const x = ladder.xOf(passage.server_us);
    if (passage.is_up || passage.kind === "closed" || !isSeen(x) || carries(passage) !== isCarrying) continue;
    context.moveTo(x + DOT, y);
    context.arc(x, y, DOT, 0, 2 * Math.PI);
  }
  const colour = context.fillStyle;
  if (!isCarrying) context.fillStyle = ladder.surface.theme.ground;
  context.fill();
  context.fillStyle = colour;
  context.lineWidth = 2;
  if (!isCarrying) context.stroke();
}

/** On the client's rail: the lane's marker where events arrived, hollow where they are no sample. */
function drawArrivals(ladder, context, lane, seen, y) {
  const [filled, hollow] = ladder.stamps.get(lane.name);
  for (const { events, is_hollow, client_at, server_us } of seen) {
    if (events > 0 && client_at <= ladder.right_ms) drawStamp(context, is_hollow ? hollow : filled, ladder.x(client_at), y);
    else if (isSeen(client_at) && !isSeen(server_us)) context.fillRect(ladder.x(client_at) - 1, y - 5, 2, 10);
  }
}

function drawCrosses(ladder, context, seen, client, server) {
  context.lineWidth = STROKE;
  context.beginPath();
  for (const { kind, status, client_at, server_us } of seen) {
    if (kind === "failure" || status >= 400) cross(context, ladder.x(client_at), client);
    if (kind === "closed" || status >= 400) cross(context, ladder.xOf(server_us), server);
  }
  context.stroke();
}

/** An end that nobody saw has no place: a canvas leaves out what is `NaN`. */
function cross(context, x, y) {
  context.moveTo(x - 6, y - 6);
  context.lineTo(x + 6, y + 6);
  context.moveTo(x - 6, y + 6);
  context.lineTo(x + 6, y - 6);
}

/** Bytes down above the client's rail, bytes up below the server's, each where it has room. */
function drawLabels(ladder, context, lane, seen, client, server) {
  context.fillStyle = ladder.surface.theme.ink;
  context.textAlign = "center";
  for (const passage of seen) {
    if (passage.is_up && !ladder.hasRoom) continue;
    if (!passage.is_counted && passage.kind !== "gap") continue;
    const x = passage.is_up ? ladder.xOf(passage.server_us) : ladder.x(passage.client_at);
    if (!isSeen(x)) continue;
    if (passage.scale !== ladder.px_per_ms) giveRoom(ladder, lane, passage, x);
    const half = (passage.label.length * ladder.digit) / 2;
    if (x - half < ladder.left || x + half > ladder.surface.width) continue;
    if (passage.label) context.fillText(passage.label, x, passage.is_up ? server + ladder.surface.theme.size + 4 : client - 8);
  }
}

/** Decided once for each scale, so that labels do not flicker while they move. */
function giveRoom(ladder, lane, passage, x) {
  const last = (ladder.labelled[`${lane.name} ${passage.is_up}`] ??= {});
  const at = ladder.right_ms - (ladder.right - x) / ladder.px_per_ms;
  const label = passage.kind === "gap" ? passage.error : `${passage.http + passage.body} B`;
  const isFree = last.scale !== ladder.px_per_ms || Math.abs(at - last.at) * ladder.px_per_ms > (label.length + 1.5) * ladder.digit;
  passage.scale = ladder.px_per_ms;
  passage.label = isFree ? label : "";
  if (isFree) Object.assign(last, { at, scale: ladder.px_per_ms });
}
