//! However a server cuts what it writes, and whether its marks come before their events or after them: each event's
//! frame is found, as long as it was.

use serde_json::json;

use super::browser::Browser;
use super::served::Served;

/// Streams of 60 events of up to 3 kB, with a beat now and then, in writes of all sizes of which 1,024 bytes are
/// shown. Each stream is one text of letters: what the server would send.
const TAKE_APART: &str = r"(async (isHttp2, transport, seed) => {
  const { Written } = await import('/run/written.js');
  const { frameSize, framingOf } = await import('/run/frames.js');
  const HEAD = 9;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const below = (most) => Math.floor(random() * most);
  const framing = framingOf(transport, isHttp2);
  const octets = (value, count) => Array.from({ length: count }, (_, at) => String.fromCharCode((value >> (8 * (count - 1 - at))) & 255)).join('');

  const text = (length) => octets(0x81, 1) + (length < 126 ? octets(length, 1) : octets(126, 1) + octets(length, 2));
  const chunk = (block) => framing === 'block' ? block : `${block.length.toString(16)}\r\n${block}\r\n`;
  const beat = transport === 'websocket' ? octets(0x8900, 2) : chunk(': beat\n\n');
  const events = Array.from({ length: 60 }, (_, at) => {
    const id = `made0p-${95 + at}`;
    const json = `{'id':'${id}','data':'`.replaceAll(`'`, '\x22') + 'x'.repeat(below(at % 3 ? 300 : 3000)) + '\x22}';
    const frame = transport === 'websocket' ? text(json.length) + json : chunk(`id: ${id}\ndata: ${json}\n\n`);
    return { id, frame, bytes: json.length };
  });
  for (const { id, frame, bytes } of events) if (frame.length !== frameSize(framing, id, bytes)) return `made wrongly: ${id}`;

  // Beats stand where they can be seen: a server sends one after a silence, which ends a write.
  const writes = [];
  for (let at = 0; at < events.length;) {
    const until = at + 1 + below(8);
    let whole = events.slice(at, until).map(({ frame }) => frame).join('');
    if (isHttp2) while (whole) {
      const length = Math.min(whole.length, 1 + below(4000));
      writes.push(octets(length, 3) + octets(0, 2) + octets(3, 4) + whole.slice(0, length));
      whole = whole.slice(length);
    } else {
      const cut = below(2) * below(whole.length);
      writes.push(...[whole.slice(0, cut), whole.slice(cut)].filter(Boolean));
    }
    if (below(4) === 0) writes.push(isHttp2 ? octets(beat.length, 3) + octets(0, 2) + octets(3, 4) + beat : beat);
    at = until;
  }

  const heard = new Map(), found = new Map();
  let [sum, told, last] = [0, 0, null];
  const written = new Written(transport, {
    sizeOf: (id) => heard.get(id) ?? null,
    draw: {
      frame: ({ id, size, around }) => { sum += size + around; last = id; if (id) found.set(id, (found.get(id) ?? 0) + size); },
      more: (bytes) => { sum += bytes; if (isHttp2 && last && bytes % HEAD) found.set(last, NaN); },
    },
  });
  if (isHttp2) written.isFramed(transport);
  const [marks, news] = [[...writes], [...events]];
  const lead = random();
  while (marks.length + news.length > 0) {
    if (news.length === 0 || (marks.length > 0 && random() < lead)) {
      const bytes = marks.shift();
      told += bytes.length;
      written.wrote({ body: bytes.length, shown: btoa(bytes.slice(0, 1024)) }, 0);
    } else {
      const { id, frame } = news.shift();
      heard.set(id, frame.length);
      written.hears(id);
    }
    if (sum - told !== written.rest - written.waiting(0)) return `${told} told, ${sum} found, ${written.waiting(0)} wait`;
  }
  const wrong = events.filter(({ id, frame }) => found.get(id) !== frame.length).map(({ id, frame }) => `${id}: ${found.get(id)} of ${frame.length}`);
  return wrong.length === 0 && sum === told ? '' : `${sum} of ${told}: ${wrong.join(', ')}`;
})";

#[test]
fn each_frame_is_found_in_whatever_order_writes_and_events_are_told() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet"]);
    let tab = served.watched(&browser, "lanes=");
    for (transport, is_http2) in [("sse", true), ("sse", false), ("websocket", true), ("websocket", false)] {
        for seed in 1..=50 {
            let wrong = tab.evaluate(&format!("{TAKE_APART}({is_http2}, '{transport}', {seed})"));
            assert_eq!(wrong, json!(""), "{transport}, over HTTP/2: {is_http2}, seed {seed}");
        }
    }
}
