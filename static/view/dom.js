// Elements, and text in them: never markup, since whatever came over a wire is hostile.

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Rows of text, the first of them names, in a frame of its own that scrolls. */
export function tableFrom([names, ...rows]) {
  const table = element("table");
  const line = (section, kind, cells) => section.insertRow().append(...cells.map((textContent, at) => element(at ? kind : "th", { textContent })));
  line(table.createTHead(), "th", names);
  const body = table.createTBody();
  for (const row of rows) line(body, "td", row);
  return element("div", { className: "scrolling", tabIndex: 0 }, table);
}

/** Changes a text only where it differs: an element that is left alone costs no layout. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** `12:03:04.567`, as this browser's clock has it. */
export function timeOfDay(ms) {
  if (!Number.isFinite(ms)) return "–";
  const date = new Date(ms);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
