// What the pages that check the ledger share: the list of the person is fetched and checked whole, held against what this
// browser remembers of the last visit, and remembered in turn. One memory and one refusal, whichever page is opened.
//
// All sentences stand in the page, in its language, as templates: this script adds no words.

import { selfTest } from "./sha256.js";
import { Refused } from "./history.js";
import { verifyList } from "./list.js";

export const box = document.getElementById("verifier");
const bar = document.getElementById("verifier-progress");
const status = document.getElementById("verifier-status");
const lostNotice = document.getElementById("verifier-lost");
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

export async function fetched(address) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Refused("fetch");
  return response;
}

// The sentence of a code, with its values.
export function sentence(templates, code, values = {}) {
  const found = templates.querySelector(`template[data-code="${code}"]`) ?? templates.querySelector('template[data-code="form"]');
  let text = found.content.textContent.trim();
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`%${name}%`, value);
  return text;
}

// A browser without Ed25519 throws NotSupportedError: nothing is wrong with the ledger then.
export function codeOf(error) {
  if (error instanceof Refused) return error.code;
  return error.name === "NotSupportedError" ? "browser" : "fetch";
}

export function refuse(error) {
  box.dataset.state = "refused";
  lostNotice.hidden = true;
  status.textContent = sentence(box, codeOf(error), { n: error.n ?? "" });
}

// Checks the list and keeps what it saw; throws `Refused`. Gives the list, the tree it stands in, and what to say of it.
export async function checkList() {
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
    return { ...verdict, known, ms };
  } finally {
    workers.end();
    bar.hidden = true;
  }
}

// A day, or a day and a time, written as the pages of the server write it: English is British.
export const dated = (options) =>
  new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, {
    dateStyle: "long",
    timeZone: "Europe/Paris",
    ...options,
  });

// Says what was found, whether there was anything to compare it with, and what of it can no longer be read.
export function announce({ records, lost, restores, remember, known, ms }) {
  box.dataset.state = "verified";
  const values = { records, size: remember.size, before: known?.size ?? 0, ms };
  status.textContent = sentence(box, known === null ? "verified-first" : "verified", values);
  if (lost === 0) return;
  const day = dated({});
  const days = new Set(restores.map(({ hour }) => day.format(new Date(hour * 3_600_000))));
  const entries = restores.map(({ index }) => index);
  lostNotice.querySelector("p").textContent = sentence(box, lost === 1 ? "lost-one" : "lost-many", {
    lost,
    records,
    days: [...days].join(", "),
    entries: entries.join(", "),
  });
  lostNotice.hidden = false;
}
