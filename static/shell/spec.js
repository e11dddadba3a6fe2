// A link's SPEC, taken apart and put together: presets, and items of its own, which have the last word. What it may
// hold is for the server to say.
//
//   3g,rtt=500ms,nagle  ⇄  { presets: ["3g"], items: { rtt: "500ms", nagle: "" } }

export function readSpec(text, presets) {
  const parts = text.split(",").filter((part) => part && part !== "none");
  const isPreset = (part) => presets.some((preset) => preset.name === part);
  const items = parts.filter((part) => !isPreset(part)).map((part) => part.split(/=(.*)/s));
  return { presets: parts.filter(isPreset), items: Object.fromEntries(items.map(([name, value = ""]) => [name, value])) };
}

export function writeSpec({ presets, items }) {
  const parts = Object.entries(items).map(([name, value]) => (value ? `${name}=${value}` : name));
  return [...presets, ...parts].join(",") || "none";
}

/** `rtt=100ms,buffer=8k` for eyes: `rtt 100 ms, buffer 8 k`. */
export function inWords(text) {
  return text.replaceAll("=", " ").replaceAll(",", ", ").replace(/(\d)([a-zµ%])/g, "$1 $2");
}

/** All that a SPEC amounts to, item by item. */
function itemsOf(text, presets) {
  const { presets: names, items } = readSpec(text, presets);
  const of = (name) => readSpec(presets.find((preset) => preset.name === name).spec, []).items;
  return Object.assign({}, ...names.map(of), items);
}

/** Where two SPECs differ: `asked rtt 300 ms, server has 100 ms`, a sentence for each item. */
export function differences(asked, has, presets) {
  const [one, other] = [asked, has].map((text) => itemsOf(text, presets));
  const said = (items, name) => (name in items ? inWords(items[name]) || "on" : "none");
  return Object.keys({ ...one, ...other })
    .filter((name) => one[name] !== other[name])
    .map((name) => `asked ${name} ${said(one, name)}, server has ${said(other, name)}`);
}
