// Figures as people read them: three digits, and a unit. The same as in the tables of the command line.

export function threeDigits(value) {
  const size = Math.abs(value);
  if (size < 0.9995) return value.toFixed(3);
  if (size < 9.995) return value.toFixed(2);
  if (size < 99.95) return value.toFixed(1);
  if (size < 9999.5) return value.toFixed(0);
  return size < 999500 ? `${threeDigits(value / 1e3)}k` : `${threeDigits(value / 1e6)}M`;
}

export function duration(us) {
  const size = Math.abs(us);
  if (size < 999.5) return `${us.toFixed(0)} µs`;
  return size < 999500 ? `${threeDigits(us / 1e3)} ms` : `${threeDigits(us / 1e6)} s`;
}

/** Without the zeros that say nothing: the label of a tick, or what somebody chose. */
export function short(text) {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}

export function share(value) {
  return `${short((100 * value).toFixed(2))} %`;
}

const UNITS = {
  us: duration,
  bytes: (value) => `${threeDigits(value)} B`,
  per_s: (value) => (value > 0 && value < 0.0995 ? `1/${short(threeDigits(1 / value))}s` : `${short(threeDigits(value))}/s`),
  quantile: (value) => `p${short((100 * value).toFixed(2))}`,
  count: (value) => short(threeDigits(value)),
};

/** A value in its unit; `–` for what cannot be known. */
export function inUnit(value, unit) {
  return value === null || value === undefined ? "–" : UNITS[unit](value);
}
