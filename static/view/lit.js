// What is pointed at: the same event on every lane, and the passage that the inspector shows.

import { firstArrival } from "../run/events.js";
import { inMs } from "./passage.js";

export function drawLit(ladder, context) {
  const { ink } = ladder.surface.theme;
  const { selected, hovered } = ladder.view;
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 2;
  if (selected) drawSelected(ladder, context, selected);
  const event = hovered && ladder.run.event(hovered);
  if (!event) return;
  const first = firstArrival(event);
  ladder.lanes.forEach(({ name }, index) => {
    if (event.arrivals[name]) drawArrival(ladder, context, event.arrivals[name].at, first, ladder.rails(index)[0]);
  });
  context.fillRect(ladder.x(first), 0, 1, ladder.row * ladder.lanes.length);
}

/** A ring around an arrival, and how much later than the first it was. */
function drawArrival(ladder, context, at, first, y) {
  const { theme } = ladder.surface;
  const x = ladder.x(at);
  ring(context, x, y, 10);
  context.beginPath();
  context.moveTo(ladder.x(first), y);
  context.lineTo(x, y);
  context.stroke();
  const text = at === first ? "first" : `+${inMs(at - first)}`;
  const left = Math.min(x + 13, ladder.right - (text.length + 1) * ladder.digit);
  context.fillStyle = theme.ground;
  context.fillRect(left - 2, y + 8, text.length * ladder.digit, theme.size + 2);
  context.fillStyle = theme.ink;
  context.textAlign = "left";
  context.fillText(text, left, y + theme.size + 7);
}

function drawSelected(ladder, context, { lane, client_at, server_us }) {
  const [client, server] = ladder.rails(ladder.lanes.findIndex(({ name }) => name === lane));
  ring(context, ladder.x(client_at), client, 8);
  ring(context, ladder.xOf(server_us), server, 8);
}

function ring(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}
