// What is published: shown to everybody, changed by the operator.

import { attempt, publishing } from "./desk.js";
import { fill, find, offer, write } from "./dom.js";
import { publish } from "./operator.js";

export const NO_KEY = "watching: changing the server needs its key; open the address that `wirelanes serve` printed";

/** `{"n":,"pad":""}`: what the event of a feed holds besides its padding, with a count of one digit. */
const SHELL = 15;

const FIELDS = ["rate", "size", "seed", "speed", "loop"];
const NUMBERS = ["size", "seed", "speed"];

export function showFeed(desk) {
  const form = find("feed-form");
  const { elements } = form;
  desk.on("server", () => render(desk, form));
  form.onsubmit = (event) => {
    event.preventDefault();
    order(desk, form, Object.fromEntries(FIELDS.map((name) => [name, valueOf(elements[name])])));
  };
  elements.source.onchange = () => order(desk, form, { source: elements.source.value });
  find("send-one").onclick = () => sendOne(desk);
  render(desk, form);
}

function valueOf(field) {
  if (field.type === "checkbox") return field.checked;
  // What is no number is refused by the server, in its words.
  const text = field.value.trim();
  return NUMBERS.includes(field.name) && text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Only what is to change: what is left out stays. */
function order(desk, form, wanted) {
  const has = desk.state.source ?? {};
  const names = Object.keys(wanted).filter((name) => wanted[name] !== has[name] && wanted[name] !== "");
  const source = Object.fromEntries(names.map((name) => [name, wanted[name]]));
  attempt(form.querySelector(".said"), async () => {
    if (names.length) await desk.order({ source });
    return names.length ? "done" : "that is what the server plays";
  });
}

function render({ state, isOperator, ...desk }, form) {
  const { elements } = form;
  const source = state?.source;
  const trace = Boolean(source?.source.startsWith("trace"));
  form.querySelector("fieldset").disabled = !isOperator;
  write(form.querySelector(".why"), isOperator ? "" : NO_KEY);
  const sources = state?.sources ?? [];
  const kinds = new Set([source?.source ?? "", ...sources]);
  offer(elements.source, [...kinds].map((name) => [name, name || "none"]));
  for (const name of ["source", ...FIELDS]) fill(elements[name], source?.[name]);
  for (const element of form.querySelectorAll("[data-trace]")) element.hidden = !trace;
  find("send-one").disabled = Boolean(publishing({ state, isOperator, ...desk }));
  write(find("feed-said"), feedInWords(source));
}

/** `poisson 2/s · 100 B`, `trace:earthquakes ×10, over`. */
export function feedInWords(source) {
  if (!source) return "none";
  const { source: kind, rate, size, speed, is_over } = source;
  return `${kind}${kind.startsWith("trace") ? ` ×${speed}` : ` ${rate} · ${size} B`}${is_over ? ", over" : ""}`;
}

/** One event, of the size of the feed's own, so that it costs what they cost. */
export function sendOne(desk) {
  const said = find("feed-form").querySelector(".said");
  attempt(said, async () => {
    if (publishing(desk)) throw new Error(publishing(desk));
    const size = desk.state.source?.size ?? 100;
    const { id } = await publish(size > SHELL ? { n: 0, pad: ".".repeat(size - SHELL) } : 0);
    return `sent ${id}`;
  });
}
