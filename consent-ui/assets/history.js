// Checks a file `fiducie-history/1`: that its records, and no others, stand in the ledger for one person.
//
// The same check as `ledger-audit participant` (crate `evidence`, module `history`), step by step as in the reference:
// 1 checkpoint signed by the remembered key or one that the log says came after it, 2 log only grew since the last visit,
// 3 its last entry is the root of the map, 4 every record opens its entry and is in the log and in the map, or was lost in
// a restore that the log names, 5 the next sixteen numbers are absent, 6 the list only grew.
// Works on lines, so that a file of any size is read as a stream. Nothing leaves the browser.

import { hmac, hmacKey, same, sha256 } from "./sha256.js";

const FORMAT = "fiducie-history/1";
export const WINDOW = 16;
const utf8 = new TextEncoder();

// Why a history was refused. `code` names the sentence that the page shows; `n` is the record, where there is one.
export class Refused extends Error {
  constructor(code, n) {
    super(n === undefined ? code : `${code} (record ${n})`);
    this.code = code;
    this.n = n;
  }
}

export function demand(holds, code, n) {
  if (!holds) throw new Refused(code, n);
}

const DIGITS = new Int16Array(128).fill(-1);
for (const [value, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}

// Strict base64url without padding: no other characters, no stray bits.
export function fromBase64url(text) {
  demand(typeof text === "string" && text.length % 4 !== 1, "form");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = DIGITS[text.charCodeAt(i)] ?? -1;
    demand(digit >= 0, "form");
    bits = ((bits << 6) | digit) & 0x3fff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = bits >> held;
      at += 1;
    }
  }
  demand((bits & ((1 << held) - 1)) === 0, "form");
  return bytes;
}

export function fromBase64(text) {
  demand(/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "form");
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function u64(number) {
  demand(Number.isSafeInteger(number) && number >= 0, "form");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

export const leafHash = (entry) => sha256(join([0], entry));

const pair = new Uint8Array(65);
export function nodeHash(left, right) {
  pair[0] = 1;
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

export const commitLabel = utf8.encode("commit/v1\0");
export const tagLabel = utf8.encode("tag/v1\0");

// ---- Signed checkpoint (C2SP signed-note, tlog-checkpoint) ---------------------------------------------------------

function parseVkey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const key = fromBase64(rest.join("+"));
  demand(key[0] === 1 && key.length === 33, "form");
  const computed = sha256(join(utf8.encode(`${name}\n`), key)).subarray(0, 4);
  demand(hex(computed) === id, "form");
  return { name, id: computed, key: key.subarray(1) };
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Size and root of a checkpoint that the log's key signed.
export async function openCheckpoint(note, vkey) {
  const log = parseVkey(vkey);
  const end = note.lastIndexOf("\n\n");
  demand(end > 0 && note.endsWith("\n"), "form");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  demand(origin === log.name && /^(0|[1-9][0-9]*)$/.test(size), "form");
  const signatures = note.slice(end + 2, -1).split("\n").flatMap((line) => {
    const [dash, name, base64, more] = line.split(" ");
    demand(dash === "\u2014" && base64 !== undefined && more === undefined, "form");
    const bytes = fromBase64(base64);
    return name === log.name && same(bytes.subarray(0, 4), log.id) ? [bytes.subarray(4)] : [];
  });
  demand(signatures.length > 0, "signature");
  const key = await crypto.subtle.importKey("raw", log.key, "Ed25519", false, ["verify"]);
  for (const signature of signatures) {
    demand(await crypto.subtle.verify("Ed25519", key, signature, utf8.encode(text)), "signature");
  }
  const checkpoint = { origin, size: Number(size), root: fromBase64(root) };
  demand(Number.isSafeInteger(checkpoint.size) && checkpoint.root.length === 32, "form");
  return checkpoint;
}

// ---- Key changes (leaf kind 0x42) -----------------------------------------------------------------------------------

const changeLabel = utf8.encode("key-change-leaf/v1\0");

// `header[8] || 01 || old key id[4] || 01 || new key[32] || u64be valid from || signature[64]`
export function parseChange({ index, leaf }) {
  const bytes = fromBase64url(leaf);
  const fixed = [[0, 1], [1, 0x42], [2, 0], [3, 0], [8, 1], [13, 1]];
  demand(bytes.length === 118 && fixed.every(([at, value]) => bytes[at] === value), "form");
  const validFrom = new DataView(bytes.buffer).getBigUint64(46);
  demand(Number.isSafeInteger(index) && validFrom === BigInt(index), "form");
  return {
    index,
    hash: leafHash(bytes),
    oldId: bytes.subarray(9, 13),
    key: bytes.subarray(14, 46),
    signed: bytes.subarray(0, 54),
    signature: bytes.subarray(54),
  };
}

// ---- Restores (leaf kind 0x45) --------------------------------------------------------------------------------------

// `header[8] || u64be leaves of the copy || u64be leaves that came back without details || u32be`, each where it stands.
// In the order of the log, and behind all leaves they speak of; that they stand there is proven with the records.
export function parseRestores(given) {
  const restores = given.map(({ index, leaf }) => {
    const bytes = fromBase64url(leaf);
    const fixed = [[0, 1], [1, 0x45], [2, 5], [3, 0]];
    demand(bytes.length === 28 && fixed.every(([at, value]) => bytes[at] === value), "form");
    const view = new DataView(bytes.buffer);
    const [from, count] = [view.getBigUint64(8), view.getBigUint64(16)];
    demand(Number.isSafeInteger(index) && from + count <= BigInt(index), "form");
    return { index, hash: leafHash(bytes), hour: view.getUint32(4), from: Number(from), until: Number(from + count) };
  });
  demand(restores.every(({ index }, i) => i === 0 || restores[i - 1].index < index), "form");
  return restores;
}

export const isLost = ({ from, until }, place) => from <= place && place < until;

// A record may lack its detail where a restore lost it, and nowhere else: otherwise it is withheld.
export function demandLost(restores, place, n) {
  demand(restores.some((one) => isLost(one, place)), "withheld", n);
}

// A memory that holds no key trusts none: no file follows from it.
function parseTrusted(vkey) {
  try {
    return parseVkey(vkey);
  } catch {
    throw new Refused("other-log");
  }
}

// From the key that the reader trusts to the key of the file, each named by the one before. That the changes stand in the
// log is proven with the records.
export async function followKeys(changes, trustedVkey, statedVkey) {
  const stated = parseVkey(statedVkey);
  let current = parseTrusted(trustedVkey);
  const brought = changes.findLastIndex(({ key }) => same(key, current.key));
  for (const change of changes.slice(brought + 1)) {
    demand(same(change.oldId, current.id), "other-log");
    const key = await crypto.subtle.importKey("raw", current.key, "Ed25519", false, ["verify"]);
    const message = join(changeLabel, utf8.encode(`${current.name}\0`), change.signed);
    demand(await crypto.subtle.verify("Ed25519", key, change.signature, message), "other-log");
    const id = sha256(join(utf8.encode(`${current.name}\n`), [1], change.key)).subarray(0, 4);
    current = { name: current.name, id, key: change.key };
  }
  demand(current.name === stated.name && same(current.key, stated.key), "other-log");
}

// ---- Log tree (RFC 6962 2.1) ---------------------------------------------------------------------------------------

// The root of a tree of `size` leaves: `leaves` are [place, hash] in ascending order, `proof` the subtrees without any.
function rootOfMany(leaves, size, proof) {
  let used = 0;
  const fold = (from, to, first, last) => {
    if (first === last) {
      demand(used < proof.length, "inclusion");
      used += 1;
      return proof[used - 1];
    }
    if (to - from === 1) return leaves[first][1];
    let middle = 1;
    while (middle * 2 < to - from) middle *= 2;
    middle += from;
    let cut = first;
    while (cut < last && leaves[cut][0] < middle) cut += 1;
    return nodeHash(fold(from, middle, first, cut), fold(middle, to, cut, last));
  };
  const root = fold(0, size, 0, leaves.length);
  demand(used === proof.length, "inclusion");
  return root;
}

// RFC 9162 2.1.4.2: whether the tree `now` grew from the tree `then`, both { size, root }.
export function onlyGrew(then, now, proof) {
  if (then.size === now.size) return proof.length === 0 && same(then.root, now.root);
  if (then.size === 0) return proof.length === 0;
  const isPower = (n) => (n & (n - 1n)) === 0n;
  const path = isPower(BigInt(then.size)) ? [then.root, ...proof] : proof;
  if (path.length === 0) return false;
  let fn = BigInt(then.size) - 1n;
  let sn = BigInt(now.size) - 1n;
  while (fn & 1n) { fn >>= 1n; sn >>= 1n; }
  let [old, fresh] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      old = nodeHash(sibling, old);
      fresh = nodeHash(sibling, fresh);
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      fresh = nodeHash(fresh, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(old, then.root) && same(fresh, now.root);
}

// ---- Map (ledger.md 10) --------------------------------------------------------------------------------------------

const bitOf = (tag, bit) => (tag[bit >> 3] >> (7 - (bit & 7))) & 1;

const mapLeafBytes = new Uint8Array(75);
function mapLeaf(tag, value) {
  mapLeafBytes[0] = 0;
  mapLeafBytes[1] = 0x20;
  mapLeafBytes.set(tag, 2);
  mapLeafBytes[34] = 0x28;
  mapLeafBytes.set(value, 35);
  return sha256(mapLeafBytes);
}

function mapInner(bit, left, right) {
  const uvarint = bit < 128 ? [bit] : [(bit & 0x7f) | 0x80, bit >> 7];
  return sha256(join([1], uvarint, left, right));
}

function compare(a, b) {
  for (let i = 0; i < 32; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

// The root of a map of which only the paths to `own` ([tag, value]) and to the `absent` tags are shown.
function rootOfPruned(bytes, own, absent) {
  let at = 0;
  const path = [];
  const take = (length) => {
    at += length;
    demand(at <= bytes.length, "map");
    return bytes.subarray(at - length, at);
  };
  const onPath = (tag) => path.every(([bit, side]) => bitOf(tag, bit) === side);
  const walk = (mine, missing) => {
    const kind = take(1)[0];
    if (kind === 0) {
      demand(mine.length === 0 && missing.length === 0, "map");
      return take(32);
    }
    if (kind === 1) {
      const bit = take(1)[0];
      demand(path.length === 0 || bit > path[path.length - 1][0], "map");
      demand(mine.length > 0 || missing.length > 0, "map");
      const side = (want) => {
        path.push([bit, want]);
        const hash = walk(
          mine.filter(([tag]) => bitOf(tag, bit) === want),
          missing.filter((tag) => bitOf(tag, bit) === want),
        );
        path.pop();
        return hash;
      };
      const left = side(0);
      return mapInner(bit, left, side(1));
    }
    if (kind === 2) {
      demand(mine.length === 1, "map");
      const [tag, value] = mine[0];
      demand(onPath(tag) && missing.every((other) => !same(other, tag)), "map");
      return mapLeaf(tag, value);
    }
    demand(kind === 3 && mine.length === 0 && missing.length > 0, "map");
    const tag = take(32);
    demand(onPath(tag) && missing.every((other) => !same(other, tag)), "map");
    return mapLeaf(tag, take(40));
  };
  const root = walk([...own].sort((a, b) => compare(a[0], b[0])), absent);
  demand(at === bytes.length, "map");
  return root;
}

// ---- The file ------------------------------------------------------------------------------------------------------

export function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Refused("form");
  }
}

export function hashes(text) {
  const bytes = fromBase64url(text);
  demand(bytes.length % 32 === 0, "form");
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

export const SUBJECT_HEADER = (bytes) => bytes.length === 8 && bytes[0] === 1 && bytes[3] === 0 && bytes[1] < 0x40;

// Step 4 without the proofs: what the record's entry must be.
function open(entry, n, subject) {
  demand(entry.n === n, "numbers", n);
  const header = fromBase64url(entry.header);
  const salt = fromBase64url(entry.salt);
  demand(SUBJECT_HEADER(header) && salt.length === 64 && typeof entry.record === "string", "form", n);
  const number = u64(n);
  const tag = hmac(subject, join(tagLabel, number));
  const record = utf8.encode(entry.record);
  const commitment = hmac(hmacKey(salt), join(commitLabel, header.subarray(1, 2), number, tag, record));
  const hash = leafHash(join(header, tag, commitment));
  return { index: entry.index, tag, hash, value: join(u64(entry.index), hash) };
}

// The same of a record whose detail was lost in a restore: its leaf is all that is left, and must be of this number.
function recognise(entry, n, subject) {
  demand(entry.n === n, "numbers", n);
  const leaf = fromBase64url(entry.leaf);
  demand(leaf.length === 72 && SUBJECT_HEADER(leaf.subarray(0, 8)), "form", n);
  const tag = hmac(subject, join(tagLabel, u64(n)));
  demand(same(leaf.subarray(8, 40), tag), "form", n);
  const hash = leafHash(leaf);
  return { index: entry.index, tag, hash, value: join(u64(entry.index), hash) };
}

// What a record says: the payload of its JWS. A consent record is named after its newest event, as `ledger-audit` names it.
export function payload(record) {
  const parts = record.split(".");
  demand(parts.length === 3, "form");
  const said = parse(new TextDecoder().decode(fromBase64url(parts[1])));
  return said["@type"] === "dpv:ConsentRecord" ? { ...said, ...newest(said) } : said;
}

const STATES = new Map([
  ["dpv:ConsentGiven", "consent-given/2"],
  ["dpv:RenewedConsentGiven", "consent-renewed/2"],
  ["dpv:ConsentWithdrawn", "consent-withdrawn/2"],
  ["dpv:ConsentRevoked", "consent-revoked/2"],
  ["dpv:ConsentExpired", "consent-expired/2"],
  ["dpv:ConsentInvalidated", "consent-invalidated/2"],
]);
const REASONS = new Map([
  ["en:Narrowed", "consent-narrowed/2"],
  ["en:RecordsLost", "consent-suspended/2"],
]);

// What the newest event of a consent record is, and when it was recorded.
function newest(said) {
  const event = said["dpv:hasConsentStatus"]?.at?.(-1);
  const type = [event?.["@type"]].flat().map((one) => STATES.get(one)).find(Boolean);
  demand(type !== undefined, "form");
  return {
    type: REASONS.get(event["en:reason"]?.["@id"]) ?? type,
    at: event["en:recordedAt"] ?? event["dpv:isIndicatedAtTime"],
  };
}

// Verifies a history. `lines` is an (async) iterable of lines; `remembered` is what the last visit kept, or null:
// { logKey, size, root (hex), newest }. `onRecord(n, newest, record)` is called with each compact JWS (null: its detail is
// lost, only the leaf is left), before anything is known to be true; what is returned is known to be.
export async function verifyHistory(lines, remembered, onRecord = () => {}) {
  let header = null;
  let held = null;
  let subject = null;
  const opened = [];
  const lost = [];
  for await (const line of lines) {
    if (header === null) {
      header = parse(line);
      demand(header.format === FORMAT, "form");
      const key = fromBase64url(header.subject_key);
      demand(key.length === 32 && Number.isSafeInteger(header.newest) && header.newest > 0, "form");
      subject = hmacKey(key);
      continue;
    }
    if (held !== null) {
      const entry = parse(held);
      if (entry.record === undefined && entry.leaf !== undefined) {
        opened.push(recognise(entry, opened.length + 1, subject));
        lost.push(opened.length);
      } else {
        opened.push(open(entry, opened.length + 1, subject));
      }
      onRecord(opened.length, header.newest, entry.record ?? null);
    }
    held = line;
  }
  demand(header !== null && held !== null, "form");
  demand(opened.length === header.newest, "numbers");
  const verdict = await conclude(header, opened, lost, parse(held), subject, remembered);
  return { ...verdict, lost: lost.length };
}

async function conclude(header, opened, lost, proofs, subject, remembered) {
  const changes = (proofs.key_changes ?? []).map(parseChange);
  const restores = parseRestores(proofs.restores ?? []);
  await followKeys(changes, remembered?.logKey ?? header.log_key, header.log_key);
  const checkpoint = await openCheckpoint(header.checkpoint, header.log_key);
  if (remembered !== null) checkMemory(header, checkpoint, proofs, remembered);

  const last = checkpoint.size - 1;
  const root = fromBase64url(header.map_root);
  const view = new DataView(root.buffer);
  demand(last >= 0 && root.length === 56 && root[0] === 1 && root[1] === 0x40 && root[3] === 0, "map-root");
  demand(view.getBigUint64(8) === BigInt(last), "map-root");

  const leaves = opened.map(({ index, hash }) => [index, hash]);
  leaves.push([last, leafHash(root)], ...[...changes, ...restores].map(({ index, hash }) => [index, hash]));
  leaves.sort((a, b) => a[0] - b[0]);
  demand(leaves.every(([index], i) => index <= last && (i === 0 || leaves[i - 1][0] < index)), "same-leaf");
  demand(same(rootOfMany(leaves, checkpoint.size, hashes(proofs.log)), checkpoint.root), "inclusion");

  const absent = Array.from({ length: WINDOW }, (_, i) =>
    hmac(subject, join(tagLabel, u64(header.newest + 1 + i))),
  );
  const own = opened.map(({ tag, value }) => [tag, value]);
  demand(same(rootOfPruned(fromBase64url(proofs.map), own, absent), root.subarray(24)), "map");
  for (const n of lost) demandLost(restores, opened[n - 1].index, n);
  return {
    origin: checkpoint.origin,
    records: opened.length,
    person: hex(opened[0].tag),
    remember: {
      logKey: header.log_key,
      size: checkpoint.size,
      root: hex(checkpoint.root),
      newest: header.newest,
    },
  };
}

// Steps 2 and 6.
export function checkMemory(header, checkpoint, proofs, remembered) {
  demand(checkpoint.size >= remembered.size, "rewound");
  demand(header.newest >= remembered.newest, "fewer-records");
  const given = proofs.consistency;
  const path = given !== undefined && given.size === remembered.size ? hashes(given.hashes) : [];
  demand(onlyGrew(treeOf(remembered), checkpoint, path), "rewritten");
}

// The tree of a memory, its root as bytes.
export const treeOf = ({ size, root }) => ({
  size,
  root: Uint8Array.from(root.match(/../g), (byte) => Number.parseInt(byte, 16)),
});
