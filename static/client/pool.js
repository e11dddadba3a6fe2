// The connections of this page that are in use, by origin. A browser opens six to an origin over HTTP/1.1, for all its
// tabs together; what is asked beyond them waits until one is free. WebSockets have a pool of their own.

export const POOL = 6;

const used = new Map();

export const inUse = (origin) => used.get(origin) ?? 0;

/** Whether somebody waits for a connection. */
export const isFull = (origin) => inUse(origin) > POOL;

/** How many by origin, without those of which none is. */
export const allInUse = () => [...used].filter(([, count]) => count > 0);

/** Takes a connection; returns what gives it back. */
export function enter(url) {
  const { origin } = new URL(url);
  used.set(origin, inUse(origin) + 1);
  let leave = () => used.set(origin, inUse(origin) - 1);
  return () => {
    leave();
    leave = () => {};
  };
}
