// The page: what the lanes tell is taken by the run, drawn by the stage, and steered from the shell.
//
//   worker ─entries─▶ run ─▶ stage
//      ▲                └──▶ shell ─config─▶ worker

import { Run } from "./run/run.js";
import { find } from "./shell/dom.js";
import { openShell } from "./shell/shell.js";
import { Stage } from "./view/stage.js";

const HOSTS = ["ladder", "strip", "distribution", "bytes", "bank", "log", "inspector"];

const run = new Run();
const worker = new Worker("worker.js", { type: "module" });
const stage = new Stage(run, Object.fromEntries(HOSTS.map((name) => [name, find(name)])));
const takeEntries = openShell(run, stage, (message) => worker.postMessage(message));
worker.onmessage = ({ data: { entries } }) => {
  run.take(entries);
  takeEntries(entries);
};
stage.start();

// For the console: `(await import("/page.js")).run.figures("sse")`.
export { run, stage };
