// The page "what was delivered about me": checks the list of her records (`visit.js`), then the row of each delivery, and
// that row and list speak of one delivery in one ledger.
//
// All sentences stand in the page, in its language, as templates: this script adds no words.

import { demand, onlyGrew, treeOf } from "./history.js";
import { leafOf } from "./list.js";
import { verifyEvidence, verifyRow } from "./row.js";
import { announce, box, checkList, codeOf, fetched, refuse, sentence } from "./visit.js";

const page = document.getElementById("deliveries");

function say(item, state, code, values = {}) {
  item.dataset.state = state;
  const status = item.querySelector("[role=status]");
  status.textContent = sentence(page, code, values);
  status.hidden = false;
}

const json = async (path) => (await fetched(path)).json();

// The row's tree and the list's are trees of one log: the smaller is the beginning of the larger.
async function demandSameLog(tree, listed) {
  const [then, now] = tree.size <= listed.size ? [tree, listed] : [listed, tree];
  const hashes = [];
  if (then.size < now.size) {
    const answer = await fetched(`${page.dataset.growth}?de=${then.size}&a=${now.size}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    for (let at = 0; at < bytes.length; at += 32) hashes.push(bytes.subarray(at, at + 32));
  }
  demand(hashes.every((hash) => hash.length === 32) && onlyGrew(then, now, hashes), "rewritten");
}

async function check(item, { list, remember, origin }) {
  const shown = item.dataset;
  const row = await verifyRow(await json(shown.file));
  demand(row.origin === origin && row.logKey === remember.logKey, "other-log");
  await demandSameLog(row.tree, treeOf(remember));
  // What the page shows is what the row says: this person, this delivery, these fields and this period, no others.
  demand(row.subject === page.dataset.person, "other-subject");
  demand(row.delivery === shown.release && row.fields.join(" ") === shown.fields, "other-scope");
  demand(String(row.from) === shown.from && String(row.until) === shown.until, "other-scope");
  demand(String(row.step) === shown.step && String(row.rows) === shown.rows, "other-scope");
  // The record is the one with its number in her own list, by the tag that only her key makes, and names this manifest.
  const bundle = await json(shown.evidence);
  const record = await verifyEvidence(bundle, row.logKey, leafOf(list, bundle.n));
  demand(record.type === "release/2" && record.release === row.delivery, "record");
  demand(record.disclosure_root === row.root && record.households === row.rows, "record");
  return { rows: row.rows, index: row.index, n: bundle.n };
}

async function checkAll() {
  const items = page?.querySelectorAll("[data-file]") ?? [];
  let visit;
  try {
    visit = await checkList();
    announce(visit);
  } catch (error) {
    refuse(error);
    for (const item of items) say(item, "refused", "unchecked");
    return;
  }
  for (const item of items) {
    try {
      say(item, "verified", "verified", await check(item, visit));
    } catch (error) {
      say(item, "refused", codeOf(error));
    }
  }
}

checkAll();
