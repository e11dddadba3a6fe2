// The scene: everything that one has chosen, as it stands in the address bar.
//
//   #lanes=longpoll,sse@slow,auto&interval=2s&source=steady&rate=1/s&size=100&seed=7&link=rtt=300ms
//
// `lanes` are any of the four transports, and `auto`, which reads over the best that works; behind the `@` is the link.
// `view` is this page's own, and stands there where it differs from what is usual; `asked` is the server's, and
// stands there in full: what is usual is for whoever started it to say. What cannot be read is said, and what was
// taken instead.

import { AUTO } from "../fallback/terms.js";
import { TRANSPORTS } from "../transport/index.js";
import { readRate, readSpan, writeSpan } from "./units.js";

/** All that can be on; to begin with, the transports are. */
const USUAL = Object.keys(TRANSPORTS);
export const LANES = [...USUAL, AUTO];

/** Text sizes: so many rem stand for the usual one. */
export const TEXT = [0.8, 0.9, 1, 1.15, 1.3, 1.5, 1.8];

/** Each: what is usual, how it is read (nothing: it cannot be), how it is written, and what it should be. */
const VIEW = {
  lanes: { usual: () => Object.fromEntries(USUAL.map((lane) => [lane, ""])), read: readLanes, write: writeLanes, like: "poll,sse" },
  interval: { usual: () => 1000, read: spanWithin(1, 3600000), write: writeSpan, like: "2s" },
  hold: { usual: () => 25, read: (text) => whole(spanWithin(0, 60000)(text) / 1000), write: (s) => `${s}s`, like: "25s" },
  reconnect: oneOf("spread", "fixed"),
  span: { usual: () => 10, read: (text) => [5, 10, 20, 30, 60].find((s) => s === readSpan(text) / 1000), write: (s) => `${s}s`, like: "20s" },
  theory: { usual: () => false, read: (text) => ({ shown: true, hidden: false })[text], write: (shown) => (shown ? "shown" : "hidden"), like: "shown" },
  theme: oneOf("light", "dark"),
  text: { usual: () => 2, read: (text) => (/^[1-7]$/.test(text) ? text - 1 : undefined), write: (size) => size + 1, like: "3" },
};

/** The server's: each how it is read. They are told to it as they are written. */
const ASKED = {
  source: [(text) => /^[a-z]+(:.{1,300})?$/.test(text), "poisson"],
  rate: [(text) => readRate(text) <= 1e6, "2/s"],
  size: [(text) => /^\d{1,5}$/.test(text) && text >= 1 && text <= 65536, "100"],
  seed: [(text) => /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)), "7"],
  speed: [(text) => /^\d+(\.\d+)?$/.test(text) && text > 0, "1"],
  loop: [(text) => /^(true|false)$/.test(text), "true"],
  link: [(text) => /^[\w.%=/,-]{1,400}$/.test(text), "rtt=100ms"],
};

function oneOf(...words) {
  return { usual: () => words[0], read: (text) => words.find((word) => word === text), write: (word) => word, like: words[1] };
}

function spanWithin(low, high) {
  return (text) => [readSpan(text)].find((ms) => ms >= low && ms <= high && ms === Math.round(ms));
}

const whole = (number) => (Number.isInteger(number) ? number : undefined);

function readLanes(text) {
  const lanes = text === "" ? [] : text.split(",").map((item) => /^([a-z]+)(?:@([\w-]+))?$/.exec(item)?.slice(1) ?? []);
  if (lanes.some(([name]) => !LANES.includes(name))) return undefined;
  return Object.fromEntries(lanes.map(([name, link]) => [name, link ?? ""]));
}

function writeLanes(lanes) {
  const on = LANES.filter((lane) => lane in lanes);
  return on.map((lane) => (lanes[lane] ? `${lane}@${lanes[lane]}` : lane)).join(",");
}

export function usualView() {
  return Object.fromEntries(Object.entries(VIEW).map(([name, field]) => [name, field.usual()]));
}

/** Reads a fragment: the view, what is asked of the server, and complaints in words. */
export function readScene(fragment) {
  const [view, asked, complaints] = [usualView(), {}, []];
  for (const [name, text] of new URLSearchParams(fragment.replaceAll("+", "%2B"))) {
    if (Object.hasOwn(VIEW, name)) readView(view, name, text, complaints);
    else if (Object.hasOwn(ASKED, name)) readAsked(asked, name, text, complaints);
    else complaints.push(`\`${cut(name)}\` is nothing that a scene has: left out`);
  }
  return { view, asked, complaints };
}

/** Enough to know it again. */
const cut = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

function readView(view, name, text, complaints) {
  const value = VIEW[name].read(text);
  if (value !== undefined) view[name] = value;
  else complaints.push(`\`${name}=${cut(text)}\` cannot be read, write \`${name}=${VIEW[name].like}\`, say: took \`${VIEW[name].write(view[name])}\``);
}

function readAsked(asked, name, text, complaints) {
  const [isRight, like] = ASKED[name];
  if (!isRight(text)) complaints.push(`\`${name}=${cut(text)}\` cannot be read, write \`${name}=${like}\`, say: took what the server has`);
  else if (name === "link") asked.link = [...(asked.link ?? []), text];
  else asked[name] = text;
}

/** The fragment of a scene: what is usual is left out. */
export function writeScene(view, asked) {
  const usual = usualView();
  const pairs = Object.keys(VIEW)
    .map((name) => [name, VIEW[name].write(view[name])])
    .filter(([name, text]) => text !== VIEW[name].write(usual[name]));
  const all = [...pairs, ...Object.entries(asked).flatMap(([name, value]) => [value].flat().map((text) => [name, text]))];
  // Commas, slashes, colons and equals signs may stand in a fragment as they are, and are easier to read so.
  const plain = (text) => encodeURIComponent(text).replace(/%(2C|2F|3A|3D|40)/g, decodeURIComponent);
  return all.map(([name, text]) => `${name}=${plain(text)}`).join("&");
}

/** What the server has, as a scene asks for it. */
export function askedOf(state) {
  const { source, links = [] } = state;
  const link = links.map(({ name, spec }) => (links.length > 1 ? `${name}=${spec}` : spec));
  if (!source) return { link };
  const { source: kind, rate, size, seed, speed, loop } = source;
  const trace = kind.startsWith("trace") ? { speed: `${speed}`, loop: `${loop}` } : {};
  return { source: kind, rate, size: `${size}`, seed: `${seed}`, ...trace, link };
}
