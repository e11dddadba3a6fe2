// How this page itself asks: nobody else is touched by it, so everybody may choose.

import { baseOf } from "./desk.js";
import { fill, find, write } from "./dom.js";
import { readSpan, writeSpan } from "./units.js";

/** One more than a browser's six connections to an origin over HTTP/1.1. */
const CROWD = 7;

export function showAsking(desk) {
  const form = find("ask-form");
  const { elements } = form;
  const said = form.querySelector(".said");
  form.onsubmit = (event) => event.preventDefault();
  form.onchange = ({ target }) => {
    try {
      desk.change({ [target.name]: READ[target.name](target.value, desk.state) });
      said.textContent = "";
    } catch (error) {
      said.textContent = error.message;
    }
    said.classList.toggle("wrong", said.textContent !== "");
  };
  find("crowd").onclick = ({ currentTarget: button }) => {
    const isOn = button.ariaPressed !== "true";
    button.ariaPressed = isOn;
    document.querySelector("main").classList.toggle("crowded", isOn);
    desk.send({ crowd: { count: isOn ? CROWD : 0, base: baseOf(desk, "sse") } });
  };
  desk.on("view", () => {
    const { interval, hold, reconnect, span } = desk.view;
    fill(elements.interval, writeSpan(interval));
    fill(elements.hold, `${hold}s`);
    fill(elements.reconnect, reconnect);
    fill(elements.span, `${span}s`);
    write(find("ask-said"), writeSpan(interval).replace(/(\d)([a-z])/, "$1 $2"));
    desk.stage.view.span_s = span;
  });
}

/** Each reads a choice, or throws what it should be. */
const READ = {
  interval(text, state) {
    const floor = state?.poll_floor_ms ?? 1;
    const ms = readSpan(text);
    if (ms >= floor && ms <= 3600000 && Number.isInteger(ms)) return ms;
    throw new Error(`\`${text}\` is no interval: from ${floor}ms, the server's floor, to 60m`);
  },
  hold(text) {
    const s = readSpan(text) / 1000;
    if (Number.isInteger(s) && s <= 60) return s;
    throw new Error(`\`${text}\` is no hold: whole seconds, 0s to 60s`);
  },
  reconnect: (text) => text,
  span: (text) => readSpan(text) / 1000,
};
