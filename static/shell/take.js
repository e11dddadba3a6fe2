// What one takes along: the link, the command, and the figures.

import { duration } from "../chart/figures.js";
import { fragmentOf } from "./address.js";
import { commandOf } from "./command.js";
import { find, make } from "./dom.js";
import { feedInWords } from "./feed.js";
import { remark } from "./notices.js";
import { inWords } from "./spec.js";

export function showTake(desk) {
  find("copy-link").onclick = () => copy(`${location.origin}${location.pathname}#${fragmentOf(desk)}`, "the link, without the operator key");
  find("copy-command").onclick = () => {
    const { command, notes } = commandOf(desk);
    copy(command, `${command} (${notes.join("; ")})`);
  };
  for (const button of document.querySelectorAll("[data-save]")) button.onclick = () => SAVE[button.dataset.save](desk);
}

/** Without `https`, beyond loopback, a browser has no clipboard: then the text is there to be copied by hand. */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    remark("copied", `copied: ${what}`);
  } catch {
    const field = find("copying").querySelector("textarea");
    field.value = text;
    find("copying").showModal();
    field.select();
  }
}

const SAVE = {
  json: (desk) => save(desk, "json", new Blob([JSON.stringify({ scene: fragmentOf(desk), ...desk.run.export() }, null, 1)])),
  csv: (desk) => save(desk, "csv", new Blob([csvOf(desk.run.export())])),
  png: (desk) => paint(desk).toBlob((blob) => save(desk, "png", blob)),
};

function save(desk, extension, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: `${nameOf(desk)}.${extension}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What and when: `wirelanes-poisson-2-s-100B-rtt-100ms-2026-01-31T12-00-00`. */
function nameOf({ state }) {
  const { source, rate, size } = state?.source ?? { source: "no-source", rate: "", size: 0 };
  const links = (state?.links ?? []).map((link) => link.spec);
  const parts = ["wirelanes", source, rate, `${size}B`, ...links, new Date().toISOString().slice(0, 19)];
  return parts.join("-").replace(/[^\w.]+/g, "-").slice(0, 120);
}

/** Raw latencies of the last 60 s; `hollow` ones are in no figure. */
function csvOf({ lanes, clock }) {
  const rows = Object.entries(lanes).flatMap(([lane, { samples }]) =>
    samples.map(({ at_ms, latency_us, hollow }) => [lane, at_ms.toFixed(3), latency_us, clock ? Math.round(clock.error_us) : "", hollow]),
  );
  return [["lane", "at_ms", "latency_us", "error_us", "hollow"], ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/** What is on the screen, canvases and the words around them, with a line that says what it is. */
function paint({ state, run }) {
  const main = document.querySelector("main");
  const around = main.getBoundingClientRect();
  const style = getComputedStyle(document.body);
  const head = 2.5 * parseFloat(style.fontSize);
  const [width, height, top] = [main.scrollWidth, main.scrollHeight, around.top + main.scrollTop - head];
  const canvas = make("canvas", { width: 2 * width, height: 2 * (height + head) });
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, height + head);
  context.fillStyle = style.color;
  context.font = `600 ${style.fontSize} ${style.fontFamily}`;
  context.fillText(titleOf(state, run), 12, 0.65 * head, width - 24);
  paintWords(context, main, around.left, top);
  for (const picture of main.querySelectorAll("canvas")) {
    const box = picture.getBoundingClientRect();
    if (box.width) context.drawImage(picture, box.left - around.left, box.top - top, box.width, box.height);
  }
  return canvas;
}

function titleOf(state, run) {
  const links = (state?.links ?? []).map((link) => inWords(link.spec)).join(" · ");
  const clock = run.clock ? `clock ±${duration(run.clock.error_us)}` : "clock not compared";
  return ["wirelanes", feedInWords(state?.source), links, clock, new Date().toLocaleString()].filter(Boolean).join("   ");
}

/** Word by word, so that lines break where they do on the screen; what is a control is no part of a picture. */
function paintWords(context, main, left, top) {
  const [walker, range] = [document.createTreeWalker(main, NodeFilter.SHOW_TEXT), new Range()];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const panel = element.closest("section, .panel");
    if (!panel || element.closest("button, select, kbd, details, .unseen, h2 label")) continue;
    const { fontWeight, fontSize, fontFamily, color } = getComputedStyle(element);
    const frame = panel.getBoundingClientRect();
    context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    context.fillStyle = color;
    for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const box = range.getBoundingClientRect();
      const isSeen = box.width && box.right <= frame.right + 1 && box.bottom <= frame.bottom + 1;
      if (isSeen) context.fillText(word, box.left - left, box.bottom - top - 0.22 * box.height);
    }
  }
}
