// Values as people write them on the command line, and as the page writes them.

/** `2s`, `500ms` or `1.5m` in ms; nothing where it is none. */
export function readSpan(text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(us|ms|s|m)$/.exec(text.trim().replace(" ", "")) ?? [];
  return unit && number * { us: 0.001, ms: 1, s: 1000, m: 60000 }[unit];
}

export function writeSpan(ms) {
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** `10`, `0.5`, `2/s` or `1/60s` as events a second; nothing where it is none. */
export function readRate(text) {
  const [, number, count, unit] = /^(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?)?(ms|s|min|m|h))?$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const seconds = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600 }[unit ?? "s"];
  const rate = number / ((count ?? 1) * seconds);
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}
