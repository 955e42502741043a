// The page "everything recorded about me": fetches the file, checks it here, and remembers what was seen.
//
// All sentences stand in the page, in its language, as `data-` attributes and templates: this script adds no words.

import { selfTest } from "./sha256.js";
import { payload, Refused, verifyHistory } from "./history.js";

const box = document.getElementById("verifier");
const bar = document.getElementById("verifier-progress");
const status = document.getElementById("verifier-status");
const list = document.getElementById("verifier-records");
const memory = `fiducie-history:${box.dataset.log}:${box.dataset.person}`;

// What the last visit saw; a memory that cannot be read is as none, and said so by the page ("first visit").
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(memory));
  } catch {
    return null;
  }
}

async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
  if (rest !== "") throw new Refused("form");
}

function say(code, values = {}) {
  const sentence = box.querySelector(`template[data-code="${code}"]`) ?? box.querySelector('template[data-code="form"]');
  let text = sentence.content.textContent.trim();
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`%${name}%`, value);
  status.textContent = text;
}

// Only the newest records become rows: the whole list is the file, and a page of 200,000 rows helps nobody.
const SHOWN = 50;
const newest = [];
function keep(n, total, record) {
  bar.max = total;
  if (n % 500 === 0 || n === total) bar.value = n;
  newest.push([n, record]);
  if (newest.length > SHOWN) newest.shift();
}

function showRecords() {
  const language = document.documentElement.lang;
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "Europe/Paris" });
  const rows = newest.reverse().map(([n, jws]) => {
    const record = jws === null ? null : payload(jws);
    const row = document.createElement("tr");
    const type = record === null ? "lost" : record.type;
    const kind = box.querySelector(`template[data-type="${CSS.escape(type)}"]`);
    const at = record === null ? "" : moment.format(new Date(record.at));
    const cells = [n, kind?.content.textContent.trim() ?? type, at];
    for (const text of cells) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  });
  list.querySelector("tbody").replaceChildren(...rows);
  list.hidden = false;
}

async function check() {
  box.hidden = false;
  const known = remembered();
  const since = known === null ? "" : `?depuis=${known.size}`;
  try {
    if (!(await selfTest())) throw new Refused("browser");
    const started = performance.now();
    const response = await fetch(`${box.dataset.file}${since}`, { credentials: "same-origin" });
    if (!response.ok) throw new Refused("fetch");
    const verdict = await verifyHistory(linesOf(response), known, keep);
    if (verdict.origin !== box.dataset.log) throw new Refused("other-log");
    localStorage.setItem(memory, JSON.stringify(verdict.remember));
    box.dataset.state = "verified";
    const sentence = known === null ? "verified-first" : "verified";
    say(verdict.lost > 0 ? "verified-lost" : sentence, {
      records: verdict.records,
      lost: verdict.lost,
      size: verdict.remember.size,
      before: known?.size ?? 0,
      ms: Math.round(performance.now() - started),
    });
    showRecords();
  } catch (error) {
    box.dataset.state = "refused";
    // A browser without Ed25519 throws NotSupportedError: nothing is wrong with the ledger then.
    const code = error instanceof Refused ? error.code : error.name === "NotSupportedError" ? "browser" : "fetch";
    say(code, { n: error.n ?? "" });
  }
  bar.hidden = true;
}

check();
