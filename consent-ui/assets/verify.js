// The page "everything recorded about me": fetches the list, checks it here, remembers what was seen, and opens the records
// on the screen against it.
//
// All sentences stand in the page, in its language, as `data-` attributes and templates: this script adds no words.

import { selfTest } from "./sha256.js";
import { payload, Refused } from "./history.js";
import { openRecord, verifyList } from "./list.js";

const box = document.getElementById("verifier");
const bar = document.getElementById("verifier-progress");
const status = document.getElementById("verifier-status");
const table = document.getElementById("verifier-records");
const newer = document.getElementById("verifier-newer");
const older = document.getElementById("verifier-older");
const memory = `fiducie-history:${box.dataset.log}:${box.dataset.person}`;

// What the last visit saw; a memory that cannot be read is as none, and said so by the page ("first visit").
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(memory));
  } catch {
    return null;
  }
}

// Workers that take tasks as they get free. One that cannot be started or breaks refuses its task as a failed fetch.
class Workers {
  #idle = [];
  #all = [];
  #queue = [];

  constructor(count) {
    for (let i = 0; i < count; i += 1) {
      const worker = new Worker("/assets/list-worker.js", { type: "module" });
      const slot = { worker, task: null };
      worker.onmessage = ({ data: { answer, refused } }) => this.#ended(slot, answer, refused);
      worker.onerror = () => this.#ended(slot, undefined, { code: "fetch" });
      this.#all.push(slot);
      this.#idle.push(slot);
    }
  }

  run = (task) =>
    new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#next();
    });

  end() {
    for (const { worker } of this.#all) worker.terminate();
  }

  #next() {
    if (this.#queue.length === 0 || this.#idle.length === 0) return;
    const slot = this.#idle.pop();
    slot.task = this.#queue.shift();
    const { task } = slot.task;
    const buffers = Object.values(task).filter(ArrayBuffer.isView).map((view) => view.buffer);
    // The key goes with every task, and the page keeps it.
    slot.worker.postMessage({ task }, buffers.filter((buffer) => buffer !== task.key?.buffer));
  }

  #ended(slot, answer, refused) {
    const ended = slot.task;
    slot.task = null;
    this.#idle.push(slot);
    if (ended === null) return;
    if (answer === undefined) ended.reject(new Refused(refused.code, refused.n));
    else ended.resolve(answer);
    this.#next();
  }
}

async function* chunksOf(response) {
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function fetched(address) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Refused("fetch");
  return response;
}

function say(code, values = {}) {
  const sentence = box.querySelector(`template[data-code="${code}"]`) ?? box.querySelector('template[data-code="form"]');
  let text = sentence.content.textContent.trim();
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`%${name}%`, value);
  status.textContent = text;
}

function refuse(error) {
  box.dataset.state = "refused";
  table.hidden = true;
  // A browser without Ed25519 throws NotSupportedError: nothing is wrong with the ledger then.
  const code = error instanceof Refused ? error.code : error.name === "NotSupportedError" ? "browser" : "fetch";
  say(code, { n: error.n ?? "" });
}

// Only one screen of records is opened: the whole list is checked, and nobody reads 200,000 rows at once.
const SCREEN = 50;

// Gets the records from number `first` on and shows only what the list stands for.
async function show(list, first) {
  const last = Math.min(list.header.newest, first + SCREEN - 1);
  const lines = (await (await fetched(`${box.dataset.details}?de=${first}`)).text()).split("\n");
  const opened = [];
  let lost = 0;
  for (let n = first; n <= last; n += 1) {
    const line = lines[n - first];
    if (line === undefined || line === "") throw new Refused("numbers", n);
    const jws = openRecord(list, n, JSON.parse(line));
    lost += jws === null ? 1 : 0;
    opened.push(rowOf(n, jws === null ? null : payload(jws)));
  }
  table.querySelector("tbody").replaceChildren(...opened.reverse());
  table.hidden = false;
  newer.hidden = last === list.header.newest;
  older.hidden = first === 1;
  newer.onclick = () => turn(list, Math.min(first + SCREEN, Math.max(1, list.header.newest - SCREEN + 1)));
  older.onclick = () => turn(list, Math.max(1, first - SCREEN));
  return lost;
}

async function turn(list, first) {
  try {
    await show(list, first);
    table.focus();
  } catch (error) {
    refuse(error);
  }
}

function rowOf(n, record) {
  const language = document.documentElement.lang;
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Europe/Paris" });
  const type = record === null ? "lost" : record.type;
  const kind = box.querySelector(`template[data-type="${CSS.escape(type)}"]`);
  const at = record === null ? "" : moment.format(new Date(record.at));
  const row = document.createElement("tr");
  for (const text of [n, kind?.content.textContent.trim() ?? type, at]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

async function check() {
  box.hidden = false;
  const known = remembered();
  const since = known === null ? "" : `?depuis=${known.size}`;
  const workers = new Workers(Math.min(4, Math.max(1, navigator.hardwareConcurrency ?? 1)));
  try {
    if (!(await selfTest())) throw new Refused("browser");
    const started = performance.now();
    const response = await fetched(`${box.dataset.list}${since}`);
    const verdict = await verifyList(chunksOf(response), known, workers.run, (done, total) => {
      bar.max = total;
      bar.value = done;
    });
    if (verdict.origin !== box.dataset.log) throw new Refused("other-log");
    const ms = Math.round(performance.now() - started);
    localStorage.setItem(memory, JSON.stringify(verdict.remember));
    const lost = await show(verdict.list, Math.max(1, verdict.records - SCREEN + 1));
    box.dataset.state = "verified";
    const sentence = known === null ? "verified-first" : "verified";
    say(lost > 0 ? "verified-lost" : sentence, {
      records: verdict.records,
      lost,
      size: verdict.remember.size,
      before: known?.size ?? 0,
      ms,
    });
  } catch (error) {
    refuse(error);
  }
  workers.end();
  bar.hidden = true;
}

check();
