// What the page is told: in the order of happening, at most every 50 ms, three frames of a screen.

const EVERY_MS = 50;

let entries = [];
const counts = new Map();
let timer = null;

/** Counts are told as they are when the batch leaves: those in between say nothing. */
export function tell(entry) {
  if (entry.is === "counts") counts.set(entry.lane, entry);
  else entries.push(entry);
  timer ??= setTimeout(flush, EVERY_MS);
}

function flush() {
  timer = null;
  postMessage({ entries: [...entries, ...counts.values()] });
  entries = [];
  counts.clear();
}
