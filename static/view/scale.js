// The latency axis that strip and distribution share: logarithmic, the same all through a run.

/** One millisecond to ten seconds, unless something falls outside: then it grows by a decade, and stays so. */
export function latencyAxis() {
  return { label: "latency", scale: "log", unit: "us", low: 1e3, high: 1e7 };
}

/** Makes room for a value; whether it had to. */
export function widen(axis, us) {
  const { low, high } = axis;
  while (us < axis.low && axis.low > 100) axis.low /= 10;
  while (us > axis.high) axis.high *= 10;
  return axis.low !== low || axis.high !== high;
}
