// WebSocket: turn the connection into one that both sides may write to at any time (RFC 6455).
//
//   GET /websocket?topic=demo&last_event_id=8f3k2a-1041 HTTP/1.1
//   upgrade: websocket
//   connection: upgrade
//   sec-websocket-version: 13
//   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
//
//   HTTP/1.1 101 Switching Protocols
//   sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//
//   81 7e 00 aa │ {"id":"8f3k2a-1042",…}     down: text, 170 bytes: four bytes around a payload
//   81 a1 kk kk kk kk │ {"publish":1,…}      up: text, masked with a fresh key: six bytes around it
//   81 1f │ {"ack":{"ref":"7",…}}            down: the answer, in any order with the events
//   89 00 … 8a 80 kk kk kk kk                a ping every 25 s, and the pong: the browser's own affair
//
// The browser shows nothing of the head, so the position is asked for before: else what is published between a cut
// and the first event would be lost.

import { PATIENCE_MS } from "../client/answer.js";
import { Ended } from "../client/ended.js";
import { now } from "../client/now.js";

export async function subscribe(reader) {
  await reader.findPosition();
  const { n, url } = reader.asks("/websocket");
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.onmessage = ({ data }) => {
    const at = now();
    reader.took(n, at, [data]);
  };
  let isOpen = false;
  socket.onopen = () => {
    const at = now();
    isOpen = true;
    reader.opened(n, at);
    reader.say = (text) => socket.send(text);
  };
  await reader.lasts(n, () => socket.close(), (end) => {
    socket.onclose = ({ code, reason }) => end(isOpen ? Ended.closed(code, reason) : Ended.unseen("no WebSocket"));
    // A proxy that swallows the upgrade lets it hang: no browser gives up in the time of a workshop.
    setTimeout(() => isOpen || end(Ended.late(PATIENCE_MS)), PATIENCE_MS);
  });
}
