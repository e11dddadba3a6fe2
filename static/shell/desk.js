// What the parts of the shell share: what this page has chosen, what the server is at, and who wants to know.

import { mayPublish, order } from "./operator.js";
import { usualView } from "./scene.js";

/** The page's own port, as a choice among the links. */
export const DIRECT = "direct";

/** Parts listen to `view`, `server`, `entries` and `tick`. */
export function makeDesk(run, stage, send) {
  const listeners = { view: [], server: [], entries: [], tick: [] };
  const desk = {
    run,
    stage,
    send,
    client: privateName(),
    view: usualView(),
    asked: {},
    state: null,
    isOperator: false,
    /** The server lets nobody in without a token, and this page has none that it takes. */
    isRefused: false,
    on: (what, then) => listeners[what].push(then),
    tell: (what, value) => listeners[what].forEach((then) => then(value)),
    change(part) {
      Object.assign(desk.view, part);
      desk.tell("view");
    },
    /** Whether we are the operator is known from an answer to our own request only. */
    takeState(state, isOurs) {
      if (isOurs) desk.isOperator = state.operator === true;
      desk.state = state;
      desk.tell("server");
    },
    order: async (command) => desk.takeState(await order(command), true),
  };
  return desk;
}

/** An underscore keeps it out of `/stats`, chance keeps it from others. */
function privateName() {
  const letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  return "_" + Array.from(crypto.getRandomValues(new Uint8Array(15)), (byte) => letters[byte % 36]).join("");
}

/** The name of the link that a lane takes: the chosen one, else the first there is. */
export function linkNameOf({ view, state }, lane) {
  const names = [...(state?.links ?? []).map((link) => link.name), DIRECT];
  return names.includes(view.lanes[lane]) ? view.lanes[lane] : names[0];
}

export function linkOf(desk, lane) {
  const name = linkNameOf(desk, lane);
  return desk.state?.links?.find((link) => link.name === name) ?? { name: DIRECT, spec: "none" };
}

export function baseOf(desk, lane) {
  const { port } = linkOf(desk, lane);
  return port ? `${location.protocol}//${location.hostname}:${port}` : location.origin;
}

/** Whether this page may publish; why not. */
export function publishing({ state, isOperator }) {
  if (!state) return "the server has not answered yet";
  if (state.publish === "token") return isOperator || mayPublish("demo") ? "" : "publishing here takes a token that grants it";
  return state.publish === "anyone" || isOperator ? "" : "publishing needs the operator key here, or `serve --publish anyone`";
}

/** Runs what may fail, and says how it went at `place`. */
export async function attempt(place, work, done = "") {
  place.classList.remove("wrong");
  try {
    place.textContent = (await work()) ?? done;
  } catch (error) {
    place.classList.add("wrong");
    place.textContent = error instanceof TypeError ? "the server cannot be reached" : error.message;
  }
}

