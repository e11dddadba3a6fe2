// The inspector: what went over the wire, byte for byte, with its parts named.
//
//   81        FIN, opcode 1: text
//   7e 00 aa  not masked, length 170
//   7b 22 69  payload …

import { bytesOf, framesIn, latin } from "../run/frames.js";
import { element } from "./dom.js";
import { heldFor, nameOf, oneWay } from "./passage.js";

/** The server shows so many bytes of a request, an answer, a write. */
const SHOWN = 1024;

const OPCODES = { 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

export class Inspector {
  every_ms = 250;
  #drawn = "";

  constructor(host, run, view) {
    [this.run, this.view, this.host] = [run, view, element("div", { className: "inspected" })];
    host.append(this.host);
  }

  draw() {
    const { selected } = this.view;
    const state = selected ? [selected.lane, selected.key, selected.server_us, selected.client_at, selected.shown.length, selected.error].join(" ") : "none";
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.host.replaceChildren(...(selected ? this.#parts(selected) : [element("p", { textContent: "Click a mark of the ladder, or go there with the arrow keys." })]));
  }

  #parts(passage) {
    const { run } = this;
    const { lane, n, http, body, is_counted, connection, url, server_us } = passage;
    const facts = [
      ["lane", `${lane}, request ${n}${connection === null ? "" : `, connection #${connection}`}`],
      ["bytes", is_counted ? `${http + body}: ${http} heads, ${body} after them` : "not counted by the server"],
      ["one way", `${oneWay(run, passage)}${run.clock && server_us === server_us ? ` ± ${(run.clock.error_us / 1000).toFixed(1)} ms` : ""}`],
      ["held", heldFor(passage)],
      ...(url ? [["asked for", url]] : []),
    ];
    const list = element("dl", {}, ...facts.map(([name, text]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: text }))));
    return [element("h3", { textContent: nameOf(passage) }), list, ...shownOf(passage)];
  }
}

function shownOf(passage) {
  if (!passage.shown) return [element("p", { textContent: "Its bytes are not here: no mark of the server brought them, or they left long ago." })];
  const bytes = bytesOf(passage.shown);
  const total = passage.http + passage.body;
  const isFrame = ["frame", "beat", "said"].includes(passage.kind);
  const here = isFrame ? bytes.subarray(passage.from, passage.from + total) : bytes;
  const cut = here.length < total ? [element("p", { textContent: `The first ${here.length} of ${total} bytes: the server shows ${SHOWN} of each write.` })] : [];
  return [...cut, isFrame ? frameTable(passage.lane, here) : element("pre", { tabIndex: 0, textContent: textOf(here) })];
}

/** As UTF-8; line ends are seen, as they are part of it. */
const textOf = (bytes) => new TextDecoder().decode(bytes).replaceAll("\r\n", "␍␊\n");

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

function frameTable(lane, bytes) {
  const [frame] = framesIn(lane, bytes);
  const parts = frame ? (lane === "sse" ? chunkParts : frameParts)(bytes, frame) : [[bytes, ""]];
  const rows = parts.map(([part, name]) => element("tr", {}, element("td", { textContent: hexOf(part) }), element("td", { textContent: name })));
  const table = element("table", { className: "hex" }, element("tbody", {}, ...rows));
  return element("div", { className: "scrolling", tabIndex: 0 }, table);
}

/** A line of the table for each 16 bytes, with the letters they are. */
function lines(bytes, isMasked) {
  const starts = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, at) => 16 * at);
  return starts.map((at) => [bytes.subarray(at, at + 16), isMasked ? "payload, masked" : latin(bytes, at, at + 16).replace(/[^ -~]/g, "·")]);
}

function frameParts(bytes, { head, opcode, isMasked, length }) {
  const key = head - (isMasked ? 4 : 0);
  return [
    [bytes.subarray(0, 1), `FIN, opcode ${opcode}: ${OPCODES[opcode]}`],
    [bytes.subarray(1, key), `${isMasked ? "masked" : "not masked"}, length ${length}`],
    ...(isMasked ? [[bytes.subarray(key, head), "masking key"]] : []),
    ...lines(bytes.subarray(head), isMasked),
  ];
}

function chunkParts(bytes, { head, length }) {
  return [
    [bytes.subarray(0, head), `chunk of ${length} bytes`],
    ...lines(bytes.subarray(head, head + length), false),
    [bytes.subarray(head + length, head + length + 2), "end of the chunk"],
  ].filter(([part]) => part.length > 0);
}
