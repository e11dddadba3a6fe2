// Reads a feed with npm's `ws` or `eventsource`: what it is told, a line each; what it is given on stdin, it says.
"use strict";

const { createInterface } = require("node:readline");

const url = process.argv[2];
const told = (text) => process.stdout.write(`${text}\n`);

if (url.startsWith("ws:")) {
  const { WebSocket } = require("ws");
  const socket = new WebSocket(url);
  socket.on("message", (data) => told(data.toString()));
  socket.on("error", (wrong) => { throw wrong; });
  socket.on("open", () => createInterface({ input: process.stdin }).on("line", (line) => socket.send(line)));
} else {
  const { EventSource } = require("eventsource");
  const source = new EventSource(url);
  source.onmessage = (event) => told(event.data);
  source.addEventListener("gap", (event) => told(event.data));
  source.onerror = (wrong) => process.stderr.write(`${wrong.message}\n`);
}
