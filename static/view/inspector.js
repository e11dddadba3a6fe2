// The inspector: what went over the wire, byte for byte, with its parts named.
//
//   81        FIN, opcode 1: text
//   7e 00 aa  not masked, length 170
//   7b 22 69  payload …

import { HEAD, lengthOf, messageIn, streamOf } from "../run/data.js";
import { bytesOf, framesIn, latin } from "../run/frames.js";
import { element, tableFrom } from "./dom.js";
import { inMs, ROW_NAMES, rowOf } from "./passage.js";

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
    const facts = selected ? this.#facts(selected) : "Click a mark of the ladder, or go there with the arrow keys.";
    if (facts + selected?.shown.length === this.#drawn) return;
    this.#drawn = facts + selected?.shown.length;
    this.host.replaceChildren(element("p", { textContent: facts }), ...(selected ? shownOf(selected) : []));
  }

  #facts(passage) {
    const { http, body, is_counted, connection, url, server_us } = passage;
    const [lane, what, , , , way, held, events] = rowOf(this.run, passage);
    const error = this.run.clock && server_us ? ` ± ${inMs(this.run.clock.error_us / 1000)}` : "";
    const bytes = is_counted ? `${http} B heads + ${body} B after them` : "no mark of the server tells how many bytes";
    const facts = [`${lane} ${what}`, connection && `connection #${connection}`, bytes];
    return [...facts, way !== "–" && `one way ${way}${error}`, held !== "–" && `${ROW_NAMES[6]} ${held}`, events > 0 && `events ${events}`, url].filter(Boolean).join(" · ");
  }
}

function shownOf({ kind, shown, from, around, framing, http, body }) {
  if (!shown) return [element("p", { textContent: "Its bytes are not here: no mark of the server brought them, or they were let go." })];
  const isFrame = ["frame", "beat", "said"].includes(kind);
  const bytes = bytesOf(shown).subarray(from, isFrame ? from + body : undefined);
  if (isFrame) {
    const table = tableFrom([["bytes", "what they are"], ...partsOf(framing, around, bytes)]);
    table.classList.add("hex");
    return [table, cutOf(bytes.length, body)];
  }
  const fields = messageIn(latin(bytes, 0, bytes.length))?.fields ?? 0;
  const text = fields ? `${textOf(bytes.subarray(0, fields))}${dataOf(bytes.subarray(fields))}` : textOf(bytes);
  const compressed = fields ? [element("p", { textContent: `The fields that ${http} bytes stand for: HTTP/2 compresses heads.` })] : [];
  return [...compressed, element("pre", { tabIndex: 0, textContent: text }), fields ? cutOf(bytes.length - fields, body) : cutOf(bytes.length, http + body)];
}

function cutOf(shown, all) {
  return element("p", { textContent: shown < all ? `The first ${shown} of ${all} bytes: the server shows 1,024 of each write.` : "" });
}

function dataOf(bytes) {
  if (bytes.length < HEAD) return textOf(bytes);
  return `[DATA of ${lengthOf(bytes)} bytes, stream ${streamOf(bytes)}]\n${textOf(bytes.subarray(HEAD))}`;
}

/** As UTF-8; line ends are seen, as they are part of it. */
const textOf = (bytes) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\\r\\n\n");

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** What HTTP/2 put around it comes first. */
function partsOf(framing, around, bytes) {
  if (around === 0) return framed(framing, bytes);
  return [[hexOf(bytes.subarray(0, around)), `DATA of ${lengthOf(bytes)} bytes, stream ${streamOf(bytes)}`], ...framed(framing, bytes.subarray(around))];
}

function framed(framing, bytes) {
  const [frame] = framesIn(framing, bytes);
  if (!frame || framing === "block") return lines(bytes);
  const { head, length, opcode, isMasked } = frame;
  const part = (from, to, name) => [hexOf(bytes.subarray(from, to)), name];
  const payload = bytes.subarray(head, head + length);
  if (framing === "chunk") return [part(0, head, `chunk of ${length} bytes`), ...lines(payload), part(head + length, head + length + 2, "end of the chunk")];
  const key = isMasked ? head - 4 : head;
  return [
    part(0, 1, `FIN, opcode ${opcode}: ${OPCODES[opcode]}`),
    part(1, key, `${isMasked ? "masked" : "not masked"}, length ${length}`),
    ...(isMasked ? [part(key, head, "masking key")] : []),
    ...lines(payload, isMasked),
  ];
}

/** Eight bytes a line, with the letters they are. */
function lines(bytes, isMasked) {
  return Array.from({ length: Math.ceil(bytes.length / 8) }, (_, at) => {
    const part = bytes.subarray(8 * at, 8 * at + 8);
    return [hexOf(part), isMasked ? "payload, masked" : latin(part, 0, 8).replace(/[^ -~]/g, "·")];
  });
}
