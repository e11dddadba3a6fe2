// Many EventSources on one origin: what a page open in seven tabs does. A browser has six connections to an origin; the
// seventh is asked for, and waits. They bear no `client`: what they cost is no lane's.

import { enter } from "./pool.js";
import { now } from "./now.js";
import { tell } from "./outbox.js";
import { withToken } from "./token.js";

const seats = [];

export function crowd(count, base, config) {
  while (seats.length > count || (seats.length && seats[0].base !== base)) seats.pop().leave();
  while (seats.length < count) seats.push(sit(seats.length, base, config));
}

function sit(seat, base, { topic, token }) {
  const said = (state) => tell({ is: "crowd", seat, base, at: now(), state });
  const url = withToken(`${base}/sse?${new URLSearchParams({ topic })}`, token);
  const free = enter(url);
  const source = new EventSource(url);
  said("asked");
  source.onopen = () => said("open");
  source.onmessage = () => said("event");
  // A lost one comes back by itself, as any page's own would; a refused one does not.
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    said(isOver ? "failed" : "asked");
    if (isOver) free();
  };
  return { base, leave: () => [source.close(), free(), said("closed")] };
}
