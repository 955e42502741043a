// The page "what was delivered about me": fetches the row of each delivery, and checks it here.
//
// All sentences stand in the page, in its language, as templates: this script adds no words.

import { demand, Refused } from "./history.js";
import { verifyEvidence, verifyRow } from "./row.js";
import { selfTest } from "./sha256.js";

const page = document.getElementById("deliveries");

function say(item, code, values = {}) {
  const sentence = page.querySelector(`template[data-code="${code}"]`) ?? page.querySelector('template[data-code="form"]');
  let text = sentence.content.textContent.trim();
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`%${name}%`, value);
  const status = item.querySelector("[role=status]");
  status.textContent = text;
  status.hidden = false;
}

// The key of the log that the page of records saw, if it was ever opened in this browser.
function knownKey() {
  try {
    return JSON.parse(localStorage.getItem(`fiducie-history:${page.dataset.log}:${page.dataset.person}`))?.logKey;
  } catch {
    return undefined;
  }
}

async function json(path) {
  const response = await fetch(path, { credentials: "same-origin" });
  demand(response.ok, "fetch");
  return response.json();
}

async function check(item) {
  const shown = item.dataset;
  const row = await verifyRow(await json(shown.file));
  const known = knownKey();
  demand(row.origin === page.dataset.log && (known === undefined || known === row.logKey), "other-log");
  // What the page shows is what the row says: this person, this delivery, these fields and this period, no others.
  demand(row.subject === page.dataset.person, "other-subject");
  demand(row.delivery === shown.release && row.fields.join(" ") === shown.fields, "other-scope");
  demand(String(row.from) === shown.from && String(row.until) === shown.until, "other-scope");
  demand(String(row.step) === shown.step && String(row.rows) === shown.rows, "other-scope");
  const record = await verifyEvidence(await json(shown.evidence), row.logKey);
  demand(record.type === "release/2" && record.release === row.delivery, "record");
  demand(record.disclosure_root === row.root && record.households === row.rows, "record");
  return row;
}

async function checkAll() {
  const sound = await selfTest().catch(() => false);
  for (const item of page.querySelectorAll("[data-file]")) {
    try {
      demand(sound, "browser");
      const row = await check(item);
      item.dataset.state = "verified";
      say(item, "verified", { rows: row.rows, index: row.index });
    } catch (error) {
      item.dataset.state = "refused";
      // A browser without Ed25519 throws NotSupportedError: nothing is wrong with the ledger then.
      const code = error instanceof Refused ? error.code : error.name === "NotSupportedError" ? "browser" : "fetch";
      say(item, code);
    }
  }
}

checkAll();
