// Times the page's script on a list, in Node, with threads in the place of the browser's workers:
//
//   node --experimental-default-type=module ledger/evidence/examples/list_speed.mjs FILE [THREADS]
//
// FILE is made by the example `list_speed` of crate `evidence`. Prints wall and processor time of each of five checks.

import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { verifyList } from "../../../consent-ui/assets/list.js";
import { work } from "../../../consent-ui/assets/list-tasks.js";

const PIECE = 65_536; // bytes, as from a network

function buffersOf(object) {
  return Object.values(object).filter(ArrayBuffer.isView).map((view) => view.buffer);
}

function threads(count) {
  const waiting = [];
  const idle = Array.from({ length: count }, () => new Worker(new URL(import.meta.url)));
  const next = () => {
    if (waiting.length === 0 || idle.length === 0) return;
    const [thread, { task, resolve }] = [idle.pop(), waiting.shift()];
    thread.once("message", (answer) => {
      idle.push(thread);
      resolve(answer);
      next();
    });
    thread.postMessage(task, buffersOf(task).filter((buffer) => buffer !== task.key?.buffer));
  };
  const run = (task) =>
    new Promise((resolve) => {
      waiting.push({ task, resolve });
      next();
    });
  return { run, end: () => idle.forEach((thread) => thread.terminate()) };
}

async function measure(path, count) {
  const bytes = readFileSync(path);
  const pool = count === 0 ? { run: async (task) => work(task), end() {} } : threads(count);
  for (let i = 0; i < 5; i += 1) {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += PIECE) pieces.push(new Uint8Array(bytes.subarray(at, at + PIECE)));
    const [started, used] = [performance.now(), process.cpuUsage()];
    const { records } = await verifyList(pieces, null, pool.run);
    const wall = performance.now() - started;
    const { user, system } = process.cpuUsage(used);
    console.log(`${records} records, ${count} threads: ${wall.toFixed(0)} ms, processor ${((user + system) / 1000).toFixed(0)} ms`);
  }
  pool.end();
}

if (isMainThread) {
  await measure(process.argv[2], Number(process.argv[3] ?? 2));
} else {
  parentPort.on("message", (task) => {
    const answer = work(task);
    parentPort.postMessage(answer, buffersOf(answer));
  });
}
