// The run as a plain object: whoever has it can calculate every figure of the page again.

/** Raw latencies of the last 60 s, the figures and the histogram of the whole run. */
export function exported(run) {
  return {
    started_ms: run.started_at,
    exported_ms: performance.timeOrigin + performance.now(),
    clock: run.clock && { ...run.clock, step_us: run.step_us },
    control: run.control,
    server: run.server,
    unshown_marks: run.unshown,
    lanes: Object.fromEntries([...run.lanes].map(([name, lane]) => [name, exportedLane(lane)])),
  };
}

function exportedLane(lane) {
  const { state, text, counts, ledger, payload_bytes, delivered, asked, answers, empty_answers, hollow } = lane;
  return {
    state, text, counts, ledger, payload_bytes, delivered, asked, answers, empty_answers, hollow,
    figures: lane.figures(),
    histogram_us: lane.histogram.buckets(),
    samples: samplesOf(lane.samples),
  };
}

function samplesOf(samples) {
  const numbers = Array.from({ length: samples.end - samples.begin }, (_, index) => samples.begin + index);
  return numbers.map((number) => ({
    at_ms: samples.at(number),
    latency_us: samples.us(number),
    hollow: samples.isHollow(number),
  }));
}
