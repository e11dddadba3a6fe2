// The links: shown to everybody, changed by the operator. The SPEC is the one truth; each control edits an item of it.

import { attempt } from "./desk.js";
import { fill, find, make, offer, write } from "./dom.js";
import { NO_KEY } from "./feed.js";
import { inWords, readSpec, writeSpec } from "./spec.js";

/** An upgrade meets one fate. */
const FATES = ["drop-upgrade", "no-upgrade", "blackhole-upgrade"];

export function showNetwork(desk) {
  const form = find("link-form");
  const { elements } = form;
  const said = form.querySelector(".said");
  const order = (spec) => attempt(said, () => desk.order({ link: { name: chosen(desk, form).name, spec } }), "done");
  form.onsubmit = (event) => {
    event.preventDefault();
    order(elements.spec.value.trim() || "none");
  };
  // Each control has its say at once; the field of the whole SPEC waits for `apply`.
  form.onchange = ({ target }) => {
    if (target === elements.name) return render(desk, form);
    if (target !== elements.spec) order(edited(desk, form, target));
  };
  find("drop").onclick = () => attempt(said, () => desk.order({ drop: { link: chosen(desk, form).name } }), "dropped");
  form.querySelector(".presets").onclick = ({ target: { value } }) => value && order(value);
  desk.on("server", () => render(desk, form));
  render(desk, form);
}

function chosen({ state }, form) {
  const links = state?.links ?? [];
  return links.find((link) => link.name === form.elements.name.value) ?? links[0];
}

/** The SPEC with what one control says. */
function edited({ state }, form, { dataset, name, value, checked }) {
  const spec = readSpec(chosen({ state }, form).spec, state.presets);
  const set = (item, value) => (value === undefined ? delete spec.items[item] : (spec.items[item] = value));
  if (dataset.item) set(dataset.item, value.trim() || undefined);
  if (name === "refuse") return checked ? "refuse" : "none";
  if (name === "fate") for (const fate of FATES) set(fate, fate === value ? "" : undefined);
  return writeSpec(spec);
}

function render(desk, form) {
  const { state, isOperator } = desk;
  const { elements } = form;
  const links = state?.links ?? [];
  offer(elements.name, links.map(({ name }) => [name]));
  const link = chosen(desk, form);
  form.querySelector("fieldset").disabled = !isOperator || !link;
  const named = ({ name, spec }) => (links.length > 1 ? `${name} ${inWords(spec)}` : inWords(spec));
  write(find("link-said"), links.map(named).join(" · ") || "none");
  write(form.querySelector(".why"), isOperator ? "" : NO_KEY);
  if (state && !link) write(form.querySelector(".why"), "there is no link: begin with `wirelanes serve --link lab=rtt=100ms`");
  if (!link) return;
  fill(elements.spec, link.spec);
  offerPresets(form.querySelector(".presets"), state.presets ?? []);
  const { items } = readSpec(link.spec, state.presets ?? []);
  for (const field of form.querySelectorAll("[data-item]")) fill(field, items[field.dataset.item]);
  fill(elements.fate, FATES.find((fate) => fate in items) ?? "");
  fill(elements.refuse, "refuse" in items);
}

function offerPresets(group, presets) {
  const names = ["none", ...presets.map((preset) => preset.name)];
  if (group.childElementCount === names.length) return;
  const titleOf = (name) => presets.find((preset) => preset.name === name)?.spec ?? "as this machine is";
  group.replaceChildren(...names.map((name) => make("button", { type: "button", value: name, textContent: name, title: titleOf(name) })));
}
