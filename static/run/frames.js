// Where one frame ends and the next begins, in bytes as they crossed the wire.
//
//   81 7e 00 aa │ {"id":"8f3k2a-1042",…}                   websocket: FIN and opcode, mask and length, payload
//   6C ␍␊ │ id: 8f3k2a-1042 ␊ data: {"id":… ␊␊ │ ␍␊         chunk: its length, a block of SSE, its end
//           id: 8f3k2a-1042 ␊ data: {"id":… ␊␊              block: nothing says how long it is, over HTTP/2

/** The bytes behind base64. */
export function bytesOf(base64) {
  const text = atob(base64);
  return Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** What a frame may begin with: FIN and text, binary, close, ping or pong. Nothing here is sent in parts. */
const FIRST = [0x81, 0x82, 0x88, 0x89, 0x8a];

/** RFC 6455, section 5.2; `null` where its head is cut off, or is none. */
function websocketFrame(bytes, from) {
  const [first, second] = [bytes[from], bytes[from + 1]];
  if (second === undefined || !FIRST.includes(first)) return null;
  const isMasked = (second & 0x80) !== 0;
  const more = { 126: 2, 127: 8 }[second & 0x7f] ?? 0;
  const head = 2 + more + (isMasked ? 4 : 0);
  if (from + head > bytes.length) return null;
  const length = more === 0 ? second & 0x7f : bytes.slice(from + 2, from + 2 + more).reduce((sum, byte) => 256 * sum + byte, 0);
  return { from, head, length, size: head + length, opcode: first & 15, isMasked };
}

/** A chunk (RFC 9112, section 7.1); `null` where its length is cut off, or is none. */
function chunk(bytes, from) {
  const line = /^([0-9a-f]{1,8})\r\n/i.exec(latin(bytes, from, from + 10));
  if (!line) return null;
  const [head, length] = [line[0].length, parseInt(line[1], 16)];
  return { from, head, length, size: head + length + 2 };
}

/** A block of SSE as it is; without an end where that is cut off, `null` where none begins. */
function block(bytes, from) {
  const text = latin(bytes, from, bytes.length);
  if (!BLOCK.test(text)) return null;
  const end = text.indexOf("\n\n");
  const size = end < 0 ? Infinity : end + 2;
  return { from, head: 0, length: size, size };
}

const BLOCK = /^(id: |retry: |event: |data: |:)/;

/** How a transport frames what it says: the blocks of SSE are chunks over HTTP/1.1. */
export function framingOf(transport, isHttp2) {
  return transport !== "sse" ? transport : isHttp2 ? "block" : "chunk";
}

const READ = { websocket: websocketFrame, chunk, block };

/** Bytes as they are, a letter each. */
export function latin(bytes, from, to) {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** Every frame that begins within `bytes`; the last may reach beyond. */
export function framesIn(framing, bytes, from = 0) {
  const frames = [];
  while (from < bytes.length) {
    const frame = READ[framing]?.(bytes, from);
    if (!frame) break;
    frames.push(frame);
    from += frame.size;
  }
  return frames;
}

/** No event's id ends later. */
const WITHIN = 64;

const SSE = /^id: (\S+)\ndata: /;
const EVENT = { websocket: /^\{"id":"([0-9a-z]+-\d+)"/, chunk: SSE, block: SSE };

/** The id of the event that a frame carries; `null` where it carries none. */
export function eventIn(framing, bytes, frame) {
  const start = frame.from + frame.head;
  return EVENT[framing].exec(latin(bytes, start, start + WITHIN))?.[1] ?? null;
}

const BEFORE_ID = { websocket: '{"id":"', chunk: "id: ", block: "id: " };

/** Whether a frame may be an event's of which too little is seen to tell its id. */
export function isCutOff(framing, bytes, { from, head, opcode = 1 }) {
  const seen = latin(bytes, from + head, bytes.length);
  const before = BEFORE_ID[framing];
  return opcode === 1 && seen.length < WITHIN && (seen.startsWith(before) || before.startsWith(seen));
}

/** The bytes of an event's frame, as the server makes them. */
export function frameSize(framing, id, payload) {
  if (framing === "websocket") return payload + (payload < 126 ? 2 : payload < 65536 ? 4 : 10);
  const block = `id: ${id}\ndata: \n\n`.length + payload;
  return framing === "block" ? block : block.toString(16).length + 2 + block + 2;
}
