// The page "everything recorded about me": checks the list (`visit.js`), and opens the records on the screen against it.
//
// All sentences stand in the page, in its language, as templates: this script adds no words.

import { payload, Refused } from "./history.js";
import { hourOf, openRecord } from "./list.js";
import { announce, box, checkList, dated, fetched, refuse } from "./visit.js";

const table = document.getElementById("verifier-records");
const newer = document.getElementById("verifier-newer");
const older = document.getElementById("verifier-older");
const told = document.getElementById("told");

// Only one screen of records is opened: the whole list is checked, and nobody reads 200,000 rows at once.
const SCREEN = 50;

// Gets the screen of records that ends with number `last` and shows only what the list stands for.
async function show(list, last) {
  const first = Math.max(1, last - SCREEN + 1);
  const lines = (await (await fetched(`${box.dataset.details}?de=${first}`)).text()).split("\n");
  const opened = [];
  for (let n = first; n <= last; n += 1) {
    const line = lines[n - first];
    if (line === undefined || line === "") throw new Refused("numbers", n);
    const jws = openRecord(list, n, JSON.parse(line));
    opened.push(jws === null ? lostRow(list, n) : openedRow(n, payload(jws)));
  }
  table.querySelector("tbody").replaceChildren(...opened.reverse());
  table.hidden = false;
  newer.hidden = last === list.header.newest;
  older.hidden = first === 1;
  newer.onclick = () => turn(list, Math.min(list.header.newest, last + SCREEN));
  older.onclick = () => turn(list, first - 1);
}

async function turn(list, last) {
  try {
    await show(list, last);
    table.focus();
  } catch (error) {
    refuseAll(error);
  }
}

function refuseAll(error) {
  for (const shown of [table, newer, older]) shown.hidden = true;
  refuse(error);
}

const atTime = dated({ dateStyle: "medium", timeStyle: "short" });

const openedRow = (n, record) =>
  rowOf(n, record.type, atTime.format(new Date(record.at)));

// Of a lost record the hour is left.
const lostRow = (list, n) =>
  rowOf(n, "lost", atTime.format(hourOf(list, n)));

function rowOf(n, type, at) {
  const kind = box.querySelector(`template[data-type="${CSS.escape(type)}"]`);
  const row = document.createElement("tr");
  for (const text of [n, kind?.content.textContent.trim() ?? type, at]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

async function check() {
  // What the server told unchecked gives way to what is checked here.
  told.hidden = true;
  try {
    const verdict = await checkList();
    await show(verdict.list, verdict.records);
    announce(verdict);
  } catch (error) {
    refuseAll(error);
  }
}

check();
