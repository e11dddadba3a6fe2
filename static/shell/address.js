// The address bar: read when the page opens and when somebody edits it, written when something was chosen.
//
// What a scene asks of the server is done where this page may, else said: `asked rtt 300 ms, server has 100 ms`.

import { whyOf } from "../client/ended.js";
import { notice } from "./notices.js";
import { askState, takeKey, theKey } from "./operator.js";
import { askedOf, readScene, writeScene } from "./scene.js";
import { differences } from "./spec.js";
import { readRate } from "./units.js";

/** Safari refuses more than 100 changes of the address in 30 s. */
const WRITE_MS = 400;

/** How long a server that did not answer is left alone. */
const RETRY_MS = 2000;

/** What a browser can do about a token that is missing. */
const OPEN_WITH = "open this page with `#token=TOKEN` at the end of its address; `wirelanes token` makes one, `wirelanes serve` prints one";

export function showAddress(desk) {
  read(desk);
  look(desk);
  let timer;
  const write = () => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", `#${fragmentOf(desk)}`), WRITE_MS);
  };
  desk.on("view", write);
  desk.on("server", write);
  desk.on("server", () => compare(desk));
  desk.on("entries", (entries) => {
    for (const entry of entries) {
      if (entry.is === "server") desk.takeState(entry.state);
      if (entry.is === "control" && entry.state === "live" && theKey()) look(desk);
    }
  });
  addEventListener("hashchange", () => {
    clearTimeout(timer);
    read(desk);
    look(desk);
  });
  document.addEventListener("away", ({ detail }) => {
    if (detail !== "asked") return;
    desk.asked = {};
    write();
  });
}

/** The whole scene, never key or token. */
export function fragmentOf({ view, asked, state }) {
  return writeScene(view, { ...(state && askedOf(state)), ...asked });
}

function read(desk) {
  takeKey();
  const { view, asked, complaints } = readScene(location.hash.slice(1));
  notice("scene", complaints.join(" · "));
  desk.asked = asked;
  desk.change(view);
}

/** Asks who we are to the server and what it is at; then the scene can be held against it. */
async function look(desk) {
  desk.isLooking = true;
  try {
    const { state, wasWrong } = await askState();
    if (wasWrong) notice("key", "the operator key is not this server's, and was forgotten: open the address that `wirelanes serve` printed");
    desk.isRefused = false;
    notice("look");
    desk.takeState(state, true);
    if (desk.isOperator) await apply(desk);
  } catch (error) {
    desk.isRefused = Boolean(error.isFinal);
    if (error.isFinal) notice("look", `${whyOf(error.message)}: ${OPEN_WITH}`);
    else if (!(error instanceof TypeError)) notice("look", `the server refused \`/control\`: ${error.message}`);
    if (!desk.state && !error.isFinal) setTimeout(() => look(desk), RETRY_MS);
  }
  desk.isLooking = false;
  if (desk.state) compare(desk);
}

/** Orders what the scene asks for and the server has not. */
async function apply(desk) {
  const has = askedOf(desk.state);
  const names = Object.keys(desk.asked).filter((name) => name !== "link" && !isSame(desk.asked[name], has[name]));
  const source = Object.fromEntries(names.map((name) => [name, TYPED[name]?.(desk.asked[name]) ?? desk.asked[name]]));
  const links = linksAsked(desk).filter(({ link, spec }) => link && spec !== link.spec);
  const orders = [...(names.length ? [{ source }] : []), ...links.map(({ link, spec }) => ({ link: { name: link.name, spec } }))];
  try {
    for (const order of orders) await desk.order(order);
  } catch (error) {
    notice("refused", `the server refused the scene: ${error.message}`);
  }
}

const TYPED = { size: Number, seed: Number, speed: Number, loop: (text) => text === "true" };

function isSame(one, other) {
  return one === other || (readRate(one) !== undefined && readRate(one) === readRate(other ?? ""));
}

/** `slow=3g` is for the link of that name, `rtt=300ms` for the first. */
function linksAsked({ asked, state }) {
  return (asked.link ?? []).map((text) => {
    const [name, spec] = text.split(/=(.*)/s);
    const named = state.links?.find((link) => link.name === name);
    return named && spec ? { link: named, spec } : { link: state.links?.[0], spec: text };
  });
}

/** A scene that was asked for and is there has been asked for no longer. */
function compare(desk) {
  if (desk.isLooking) return;
  const has = askedOf(desk.state);
  const names = Object.keys(desk.asked).filter((name) => name !== "link" && !isSame(desk.asked[name], has[name]));
  const unlike = names.map((name) => `asked ${name} ${desk.asked[name]}, server has ${has[name] ?? "none"}`);
  const all = [...unlike, ...linksAsked(desk).flatMap((asked) => compareLink(asked, desk.state.presets ?? []))];
  notice("asked", all.join(" · "));
  if (!all.length) desk.asked = {};
}

function compareLink({ link, spec }, presets) {
  return link ? differences(spec, link.spec, presets) : [`asked link ${spec}, server has none`];
}
