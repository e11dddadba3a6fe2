// A link's SPEC, taken apart and put together: presets, and items of its own, which have the last word.
//
//   3g,rtt=500ms,buffer=8k  ⇄  { presets: ["3g"], items: { rtt: "500ms", buffer: "8k" } }

/** Every item and what its value looks like; nothing: it has none. In the order in which they are written. */
const SPAN = /^\d+(\.\d+)?(us|ms|s|m|min|h)$/;
const RATE = /^\d+(\.\d+)?[kmg]bit$/;
const ITEMS = {
  rtt: SPAN, up: SPAN, down: SPAN, jitter: SPAN, rate: RATE, "rate-up": RATE, "rate-down": RATE, nagle: null,
  buffer: /^\d+[km]?$/, "no-upgrade": null, "drop-upgrade": null, "blackhole-upgrade": null,
  idle: SPAN, cut: SPAN, reset: /^\d+(\.\d+)?%\/s$/, refuse: null,
};

/** Reads a SPEC; throws what is wrong with it, in words. */
export function readSpec(text, presets) {
  const spec = { presets: [], items: {} };
  for (const part of text === "none" || text === "" ? [] : text.split(",")) {
    const [name, value] = part.split(/=(.*)/s);
    if (presets.some((preset) => preset.name === part)) spec.presets.push(part);
    else if (!(name in ITEMS)) throw new Error(`\`${part}\` is neither an item nor a preset of a link: \`wirelanes relay --help\` lists them`);
    else if (ITEMS[name] ? !ITEMS[name].test(value ?? "") : value !== undefined) throw new Error(`\`${part}\` cannot be read: \`wirelanes relay --help\` shows how \`${name}\` is written`);
    else spec.items[name] = value ?? "";
  }
  return spec;
}

export function writeSpec({ presets, items }) {
  const all = Object.keys(ITEMS).filter((name) => name in items);
  return [...presets, ...all.map((name) => (items[name] ? `${name}=${items[name]}` : name))].join(",") || "none";
}

/** All that a SPEC amounts to, presets included, item by item. */
function itemsOf(text, presets) {
  const { presets: names, items } = readSpec(text, presets);
  const of = (name) => readSpec(presets.find((preset) => preset.name === name).spec, []).items;
  return Object.assign({}, ...names.map(of), items);
}

const spaced = (text) => text.replace(/(\d)([a-zµ%])/g, "$1 $2");
const inWords = (items, name) => (name in items ? spaced(items[name]) || "on" : "none");

/** Where two SPECs differ: `asked rtt 300 ms, server has 100 ms`, a sentence for each item. */
export function differences(asked, has, presets) {
  const [one, other] = [asked, has].map((text) => itemsOf(text, presets));
  return Object.keys(ITEMS)
    .filter((name) => one[name] !== other[name])
    .map((name) => `asked ${name} ${inWords(one, name)}, server has ${inWords(other, name)}`);
}
