// What every part of the shell does with the document. Text goes in as text, never as HTML.

export const find = (id) => document.getElementById(id);

/** An element with properties and children. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Writes only what differs: a screen reader, and a selection, are left in peace. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts a value into a field, unless somebody is typing there. */
export function fill(field, value) {
  if (field === document.activeElement && field.type !== "checkbox") return;
  if (field.type === "checkbox") field.checked = value;
  else field.value = value ?? "";
}

/** The options of a choice: `[value, text]` each. */
export function offer(select, options) {
  const key = JSON.stringify(options);
  if (select.dataset.offers === key) return;
  select.dataset.offers = key;
  const { value } = select;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value, textContent: text ?? value })));
  if (options.some(([other]) => other === value)) select.value = value;
}

/** Browser time, in ms since the epoch, as the worker takes it. */
export const now = () => performance.timeOrigin + performance.now();
