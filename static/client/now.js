// The one clock of the worker: milliseconds since the epoch, monotonic, as fine as the browser gives it.

export const now = () => performance.timeOrigin + performance.now();

/** Waits; shorter where the signal aborts. */
export function sleep(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
