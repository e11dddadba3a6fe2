// The command that repeats this run without a browser.
//
//   wirelanes bench --source poisson -r 2/s -s 100 -i 1s --hold 25s --link rtt=100ms --seed 7 -t poll,sse -d 60s
//   wirelanes watch -t auto -i 1s --hold 25s http://127.0.0.1:9000      where nothing else is on: the same way

import { AUTO } from "../fallback/terms.js";
import { baseOf, linkOf } from "./desk.js";
import { theToken } from "./operator.js";
import { LANES } from "./scene.js";
import { writeSpan } from "./units.js";

/** A shell takes these as they are. */
const PLAIN = /^[\w./:=,@+-]+$/;

const quoted = (word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command, and what of the run it cannot repeat. */
export function commandOf(desk) {
  const { view, state } = desk;
  const on = LANES.filter((lane) => lane in view.lanes && lane !== AUTO);
  const isAuto = AUTO in view.lanes;
  if (isAuto && on.length === 0) return { command: watching(desk), notes: ["it reads what this server publishes, through its link, until Ctrl-C", ...doorNotes()].filter(Boolean) };
  const specs = [...new Set(on.map((lane) => linkOf(desk, lane).spec))];
  const words = ["wirelanes", "bench", ...sourceWords(state?.source), "-i", writeSpan(intervalOf(desk)), "--hold", `${view.hold}s`];
  for (const spec of specs) words.push("--link", spec);
  words.push(...(isSecure() ? ["--tls"] : []), ...httpWords(desk), "--headers", "chrome", "-t", on.join(","));
  return { command: words.concat(durationWords(desk)).map(quoted).join(" "), notes: notesOf(desk, on, specs) };
}

/** Reads as `auto` does, over the link that it takes. */
function watching(desk) {
  const { view } = desk;
  const words = ["wirelanes", "watch", "-t", AUTO, "-i", writeSpan(intervalOf(desk)), "--hold", `${view.hold}s`];
  return [...words, ...httpWords(desk), baseOf(desk, AUTO)].map(quoted).join(" ");
}

const isSecure = () => location.protocol === "https:";

/** Browsers speak HTTP/2 over TLS, and may keep to HTTP/1.1 for WebSockets. */
function httpWords({ run }) {
  return [...run.lanes.values()].some((lane) => lane.on && lane.is_http2) ? ["--http", "2"] : [];
}

/** Whether some of the lanes are over HTTP/2, and others not. */
function isMixed({ run }, on) {
  return new Set(on.map((name) => run.lanes.get(name).is_http2)).size > 1;
}

/** What a command cannot bring along to this server. */
function doorNotes() {
  return [isSecure() && "a certificate that nobody vouches for takes `--insecure`", theToken() && "a token goes into the variable WIRELANES_TOKEN"];
}

const intervalOf = ({ view, state }) => Math.max(view.interval, state?.poll_floor_ms ?? 0);

function sourceWords(source) {
  if (!source) return [];
  const { source: kind, rate, size, seed, speed, loop } = source;
  if (kind.startsWith("trace")) return ["--source", kind, "--speed", `${speed}`, ...(loop ? ["--loop"] : [])];
  return ["--source", kind, "-r", rate, "-s", `${size}`, "--seed", `${seed}`];
}

/** As long as this run has been, 10 s at least. */
function durationWords(desk) {
  return ["-d", `${Math.max(10, Math.round((Date.now() - desk.beganAt()) / 1000))}s`];
}

function notesOf(desk, on, specs) {
  const { view, state } = desk;
  return [
    AUTO in view.lanes && `\`auto\` is no transport, and not measured with them: \`${watching(desk)}\` reads as it does`,
    ...(AUTO in view.lanes ? doorNotes() : []),
    isMixed(desk, on) && "`--http 2` is for all lanes: over HTTP/1.1, as some of them are here, measure once more without",
    on.length === 0 && "no lane is on: `-t` needs one",
    !state?.source && "the server plays no source of its own: what was published by hand is not repeated",
    state?.source?.source.startsWith("trace:") && state.source.source !== "trace:earthquakes" && "the trace's file has to lie where you call it",
    specs.length > 1 && "each lane is measured over each link, here a link of its own",
    view.reconnect === "fixed" && "a herd's way of coming back is this page's only",
    "changes of link or feed during the run, messages, and a second page are not repeated; neither is this browser's own lateness",
  ].filter(Boolean);
}
