// Checks a file `fiducie-manifest-row/1`: that one household's row stands in the manifest of a delivery, says exactly the
// household, the fields and the period of the file, and that the manifest's root stands in the ledger.
//
// The same check as `ledger-audit manifest` (crate `disclosure-manifest`), and in its tree the same as the npm package
// `@openzeppelin/merkle-tree`. Nothing leaves the browser.

import { demand, fromBase64, fromBase64url, hex, join, leafHash, nodeHash, openCheckpoint, payload, u64 } from "./history.js";
import { keccak256 } from "./keccak256.js";
import { hmac, hmacKey, same } from "./sha256.js";

const utf8 = new TextEncoder();

function fromHex(text, length) {
  demand(typeof text === "string" && text.length === 2 * length && /^[0-9a-f]*$/.test(text), "form");
  return Uint8Array.from(text.match(/../g), (byte) => Number.parseInt(byte, 16));
}

const node = (text) => fromHex(typeof text === "string" && text.startsWith("0x") ? text.slice(2) : "", 32);

function whole(number, most) {
  demand(Number.isSafeInteger(number) && number >= 0 && number <= most, "form");
  return number;
}

// Big-endian, `size` bytes.
function integer(number, size) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(number));
  return bytes.subarray(8 - size);
}

const named = (text) => {
  demand(typeof text === "string" && /^[\x21-\x7e]{1,128}$/.test(text), "form");
  return join(integer(text.length, 2), utf8.encode(text));
};

// ---- The row and its tree (OpenZeppelin StandardMerkleTree) --------------------------------------------------------

// abi.encode(string, string, uint256), both texts of 64 characters.
function encoded([subject, scope, count]) {
  const word = (number) => join(new Uint8Array(24), u64(number));
  return join(
    word(96), word(192), word(count),
    word(64), utf8.encode(subject),
    word(64), utf8.encode(scope),
  );
}

function parent(a, b) {
  const order = a.findIndex((byte, i) => byte !== b[i]);
  return keccak256(order < 0 || a[order] < b[order] ? join(a, b) : join(b, a));
}

// What the row commits to, as it must be: the formulas stand in docs/DATA_MODEL.md.
function checkCommitments(opening, [subject, scope]) {
  const delivery = named(opening.delivery);
  const commit = (salt, label, content) =>
    hex(hmac(hmacKey(fromHex(salt, 64)), join(utf8.encode(`${label}\0`), delivery, content)));
  demand(typeof opening.subject === "string", "form");
  demand(
    commit(opening.subject_salt, "manifest-subject/v1", utf8.encode(opening.subject)) === subject,
    "other-subject",
  );
  demand(Array.isArray(opening.fields) && Number.isSafeInteger(opening.from_us), "form");
  demand(Number.isSafeInteger(opening.until_us) && opening.from_us < opening.until_us, "form");
  const fields = opening.fields.map(named);
  const content = join(
    integer(opening.from_us, 8), integer(opening.until_us, 8),
    integer(whole(opening.step_s, 0xffffffff), 4), integer(fields.length, 2),
    ...fields,
  );
  demand(commit(opening.scope_salt, "manifest-scope/v1", content) === scope, "other-scope");
}

function checkTree(opening, leaf) {
  const row = opening.row;
  demand(Array.isArray(row) && row.length === 3 && Array.isArray(opening.proof), "form");
  demand(/^(0|[1-9][0-9]*)$/.test(row[2]) && Number.isSafeInteger(Number(row[2])), "form");
  fromHex(row[0], 32);
  fromHex(row[1], 32);
  // Rows are the last n of 2n - 1 nodes in heap order, so they lie on two levels at most.
  const least = Math.floor(Math.log2(leaf.rows));
  const most = Math.ceil(Math.log2(leaf.rows));
  demand(opening.proof.length >= least && opening.proof.length <= most, "row");
  const start = keccak256(keccak256(encoded([row[0], row[1], Number(row[2])])));
  demand(same(opening.proof.map(node).reduce(parent, start), leaf.root), "row");
}

// ---- The log -------------------------------------------------------------------------------------------------------

// A C2SP tlog-proof: the leaf's place in the tree of a signed checkpoint (RFC 9162 2.1.3.2).
async function openProof(text, entry, vkey) {
  const end = typeof text === "string" ? text.indexOf("\n\n") : -1;
  demand(end > 0, "form");
  const [format, place, ...lines] = text.slice(0, end).split("\n");
  demand(format === "c2sp.org/tlog-proof@v1" && /^index (0|[1-9][0-9]*)$/.test(place), "form");
  const index = whole(Number(place.slice(6)), Number.MAX_SAFE_INTEGER);
  const path = lines.map(fromBase64);
  demand(path.every((hash) => hash.length === 32), "form");
  const checkpoint = await openCheckpoint(text.slice(end + 2), vkey);
  demand(index < checkpoint.size, "inclusion");
  let [fn, sn] = [BigInt(index), BigInt(checkpoint.size) - 1n];
  let root = leafHash(entry);
  for (const sibling of path) {
    demand(sn !== 0n, "inclusion");
    if (fn & 1n || fn === sn) {
      root = nodeHash(sibling, root);
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      root = nodeHash(root, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  demand(sn === 0n && same(root, checkpoint.root), "inclusion");
  return { index, checkpoint };
}

// `01 46 05 00 || hour[4] || root[32] || u64be rows || encoding 01`.
function openLeaf(text) {
  const bytes = fromHex(text, 49);
  demand(bytes[0] === 1 && bytes[1] === 0x46 && bytes[2] === 5 && bytes[3] === 0 && bytes[48] === 1, "form");
  const rows = Number(new DataView(bytes.buffer).getBigUint64(40));
  demand(whole(rows, Number.MAX_SAFE_INTEGER) > 0, "form");
  return { bytes, root: bytes.subarray(8, 40), rows };
}

// Verifies a row file. What is returned is known to be; the caller compares it with what the person expects.
export async function verifyRow(file) {
  demand(file?.format === "fiducie-manifest-row/1" && file.opening?.format === "fiducie-manifest-opening/1", "form");
  const { delivery, opening } = file;
  demand(delivery?.format === "fiducie-delivery-leaf/1" && typeof delivery.log_key === "string", "form");
  const leaf = openLeaf(delivery.leaf);
  const { index, checkpoint } = await openProof(delivery.proof, leaf.bytes, delivery.log_key);
  checkTree(opening, leaf);
  checkCommitments(opening, opening.row);
  return {
    logKey: delivery.log_key,
    origin: checkpoint.origin,
    tree: { size: checkpoint.size, root: checkpoint.root },
    index,
    root: `0x${hex(leaf.root)}`,
    rows: leaf.rows,
    delivery: opening.delivery,
    subject: opening.subject,
    fields: opening.fields,
    from: opening.from_us,
    until: opening.until_us,
    step: opening.step_s,
  };
}

const commitLabel = utf8.encode("commit/v1\0");

// Verifies that the record of a bundle `fiducie-evidence/1` stands in this log at the leaf `listed`, which a list that
// verified holds under the bundle's number, and gives what it says. Whether it is signed by the right key is for
// `ledger-audit verify`.
export async function verifyEvidence(bundle, logKey, listed) {
  demand(bundle?.format === "fiducie-evidence/1" && bundle.log_key === logKey, "form");
  const [leaf, salt] = [fromBase64url(bundle.leaf), fromBase64url(bundle.salt)];
  demand(leaf.length === 72 && leaf[0] === 1 && leaf[3] === 0 && salt.length === 64, "form");
  demand(same(leaf, listed), "not-listed");
  const record = utf8.encode(bundle.record);
  const tag = leaf.subarray(8, 40);
  const commitment = hmac(hmacKey(salt), join(commitLabel, leaf.subarray(1, 2), u64(bundle.n), tag, record));
  demand(same(commitment, leaf.subarray(40)), "record");
  await openProof(bundle.proof, leaf, logKey);
  return payload(bundle.record);
}
