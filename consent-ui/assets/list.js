// Checks a list `fiducie-list/1`: that these entries, and no others, stand in the ledger for one person.
//
// The steps are those of `history.js`, but for the records themselves, which are not in the list: each is opened against
// it when it is looked at (`openRecord`). The form is that of crate `evidence`, module `list`. The hashing is cut into
// tasks (`list-tasks.js`) that share nothing, so that workers can do them side by side. Nothing leaves the browser.

import { hashWords, hmac, hmacKey, same } from "./sha256.js";
import {
  checkMemory, commitLabel, demand, demandLost, followKeys, fromBase64url, hex, isLost, join, leafHash, openCheckpoint,
  parse, parseChange, parseRestores, Refused, SUBJECT_HEADER, tagLabel, u64, WINDOW,
} from "./history.js";
import {
  copyWords, firstAtLeast, FORK, HASH, innerWords, LEAF, middleOf, OTHER, toBytes, toWords, wordAt,
} from "./list-tasks.js";

const FORMAT = "fiducie-list/1";
const BATCH = 4096; // records in one task
const LOST = 0x80; // added to the kind of a record whose detail was lost in a restore
const LONGEST = 50; // bytes of a record: two numbers of at most 8, kind, actor, 32
const utf8 = new TextEncoder();

// ---- Reading -------------------------------------------------------------------------------------------------------

const unzigzag = (before, told) => before + (told % 2 === 0 ? told / 2 : -(told + 1) / 2);

// Takes the file in pieces of any length; calls `onLeaves(first, leaves, places)` for some records at a time, whose
// entries lack their tags. What comes behind the records is kept.
class Reader {
  header = null;
  read = 0;
  behind = [];
  lost = [];
  #rest = new Uint8Array(0);
  #place = 0;
  #hour = 0;
  #leaves = null;
  #places = null;
  #filled = 0;

  constructor(onHeader, onLeaves) {
    this.onHeader = onHeader;
    this.onLeaves = onLeaves;
  }

  push(chunk) {
    if (this.header !== null && this.read === this.header.newest) {
      this.behind.push(chunk);
      return;
    }
    this.#rest = this.#rest.length === 0 ? chunk : join(this.#rest, chunk);
    this.#advance(LONGEST);
  }

  end() {
    this.#advance(1);
    demand(this.header !== null && this.read === this.header.newest, "form");
    return join(...this.behind);
  }

  // Reads as long as `enough` bytes are at hand: a record is never cut in two.
  #advance(enough) {
    let at = 0;
    if (this.header === null) {
      const end = this.#rest.indexOf(10);
      if (end < 0) return;
      this.header = parse(new TextDecoder("utf-8", { fatal: true }).decode(this.#rest.subarray(0, end)));
      this.onHeader(this.header);
      at = end + 1;
    }
    while (this.read < this.header.newest && this.#rest.length - at >= enough) at = this.#record(at);
    this.#rest = this.#rest.subarray(at);
    if (this.read === this.header.newest && this.#rest.length > 0) {
      this.behind.push(this.#rest);
      this.#rest = new Uint8Array(0);
    }
  }

  #record(from) {
    const bytes = this.#rest;
    const n = this.read + 1;
    let at = from;
    const uvarint = () => {
      let value = 0;
      for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
        const byte = bytes[at];
        at += 1;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) {
          demand((byte !== 0 || scale === 1) && Number.isSafeInteger(value), "form", n);
          return value;
        }
      }
      throw new Refused("form", n);
    };
    if (this.#leaves === null) {
      const count = Math.min(BATCH, this.header.newest - this.read);
      this.#leaves = new Int32Array(LEAF * count);
      this.#places = new Float64Array(count);
    }
    this.#place = unzigzag(this.#place, uvarint());
    const [kind, actor] = [bytes[at] & ~LOST, bytes[at + 1]];
    if ((bytes[at] & LOST) !== 0) this.lost.push(n);
    at += 2;
    this.#hour = unzigzag(this.#hour, uvarint());
    demand(at + 32 <= bytes.length, "form", n);
    demand(kind > 0 && kind < 0x40 && actor > 0, "form", n);
    demand(this.#place >= 0 && Number.isSafeInteger(this.#place), "form", n);
    demand(this.#hour >= 0 && this.#hour < 2 ** 32, "form", n);
    const leaf = LEAF * this.#filled;
    this.#leaves[leaf] = 0x01000000 | (kind << 16) | (actor << 8);
    this.#leaves[leaf + 1] = this.#hour;
    for (let i = 0; i < HASH; i += 1) this.#leaves[leaf + 2 + HASH + i] = wordAt(bytes, at + 4 * i);
    this.#places[this.#filled] = this.#place;
    this.#filled += 1;
    this.read = n;
    if (this.#filled === this.#places.length) {
      this.onLeaves(n - this.#filled + 1, this.#leaves, this.#places);
      this.#leaves = null;
      this.#filled = 0;
    }
    return at + 32;
  }
}

// The hashes of the log proof and the part of the map, as they stand behind the records.
function splitProofs(bytes) {
  let [count, at] = [0, 0];
  for (let scale = 1; ; scale *= 128) {
    demand(at < bytes.length && at < 8, "form");
    const byte = bytes[at];
    at += 1;
    count += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      demand(byte !== 0 || scale === 1, "form");
      break;
    }
  }
  const end = at + 32 * count;
  demand(end <= bytes.length, "form");
  return { log: bytes.subarray(at, end), map: bytes.subarray(end) };
}

// ---- Order ---------------------------------------------------------------------------------------------------------

// The numbers 0 to count - 1 in the order of `key`; equal keys in the order of `compare`. Numbers and keys are sorted as
// one number where they fit: without calls of ours that is twenty times as fast.
function ordered(count, key, compare) {
  const order = new Uint32Array(count);
  let fits = count <= 2 ** 21;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const value = key(i);
    fits &&= value < 2 ** 32;
    keys[i] = value * 2 ** 21 + i;
  }
  if (!fits) {
    for (let i = 0; i < count; i += 1) order[i] = i;
    return order.sort((a, b) => key(a) - key(b) || compare(a, b));
  }
  keys.sort();
  for (let i = 0; i < count; i += 1) order[i] = keys[i] % 2 ** 21;
  for (let i = 1; i < count; i += 1) {
    for (let j = i; j > 0 && key(order[j - 1]) === key(order[j]) && compare(order[j - 1], order[j]) > 0; j -= 1) {
      [order[j - 1], order[j]] = [order[j], order[j - 1]];
    }
  }
  return order;
}

// Words of some entries, in an order.
function gather(words, width, from, count, order, first, last) {
  const packed = new Int32Array(count * (last - first));
  for (let i = first; i < last; i += 1) copyWords(words, width * order[i] + from, count, packed, count * (i - first));
  return packed;
}

// ---- The check -----------------------------------------------------------------------------------------------------

// The order of leaves in the log: `order[i]` is the number of the leaf that stands at `sorted[i]`.
function logOrder(size, places) {
  const order = ordered(places.length, (i) => places[i], () => 0);
  const sorted = Float64Array.from(order, (i) => places[i]);
  for (let i = 1; i < sorted.length; i += 1) demand(sorted[i - 1] < sorted[i], "same-leaf");
  demand(sorted[sorted.length - 1] < size, "inclusion");
  return { order, sorted };
}

// Both halves of the log are folded apart, and joined at the root.
function logTasks(size, { order, sorted }, hashes, proof) {
  const middle = middleOf(0, size);
  const cut = firstAtLeast(sorted, middle, 0, sorted.length);
  const without = (begin, end, first, last) => {
    if (first === last) return 1;
    if (end - begin === 1) return 0;
    const half = middleOf(begin, end);
    const split = firstAtLeast(sorted, half, first, last);
    return without(begin, half, first, split) + without(half, end, split, last);
  };
  const border = 32 * without(0, middle, 0, cut);
  demand(border <= proof.length, "inclusion");
  const task = (from, to, first, last, part) => ({
    name: "log",
    from,
    to,
    places: sorted.slice(first, last),
    hashes: gather(hashes, HASH, 0, HASH, order, first, last),
    proof: part.slice(),
  });
  return [
    task(0, middle, 0, cut, proof.subarray(0, border)),
    task(middle, size, cut, sorted.length, proof.subarray(border)),
  ];
}

// Where the left subtree of a part of the map that begins with a fork ends.
function endOfLeft(bytes) {
  let at = 2;
  for (let open = 1; open > 0; ) {
    demand(at < bytes.length, "map");
    const kind = bytes[at];
    demand(kind <= OTHER, "map");
    at += [33, 2, 1, 73][kind];
    open += kind === FORK ? 1 : -1;
  }
  return at;
}

function mapTasks(bytes, leaves, places, hashes, absent) {
  const tagAt = (i) => LEAF * i + 2;
  const compare = (a, b) => {
    for (let i = 0; i < HASH; i += 1) {
      const [x, y] = [leaves[tagAt(a) + i] >>> 0, leaves[tagAt(b) + i] >>> 0];
      if (x !== y) return x - y;
    }
    return 0;
  };
  const order = ordered(places.length, (i) => leaves[tagAt(i)] >>> 0, compare);
  const task = (part, path, first, last, missing) => ({
    name: "map",
    bytes: part.slice(),
    path,
    tags: gather(leaves, LEAF, 2, HASH, order, first, last),
    places: Float64Array.from(order.subarray(first, last), (i) => places[i]),
    hashes: gather(hashes, HASH, 0, HASH, order, first, last),
    absent: missing,
  });
  if (bytes[0] !== FORK || bytes.length < 2) return { bit: null, tasks: [task(bytes, [], 0, order.length, absent)] };
  const bit = bytes[1];
  const border = endOfLeft(bytes);
  const sideOf = (words, at) => (words[at + (bit >> 5)] >>> (31 - (bit & 31))) & 1;
  let cut = 0;
  while (cut < order.length && sideOf(leaves, tagAt(order[cut])) === 0) cut += 1;
  const missing = (side) => absent.filter((tag) => sideOf(tag, 0) === side);
  const tasks = [
    task(bytes.subarray(2, border), [[bit, 0]], 0, cut, missing(0)),
    task(bytes.subarray(border), [[bit, 1]], cut, order.length, missing(1)),
  ];
  return { bit, tasks };
}

function joined(Type, parts) {
  const all = new Type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function checkHeader(header) {
  demand(header !== null && header.format === FORMAT, "form");
  demand(Number.isSafeInteger(header.newest) && header.newest > 0, "form");
  const key = fromBase64url(header.subject_key);
  demand(key.length === 32, "form");
  return key;
}

// Verifies a list. `chunks` is an (async) iterable of bytes; `remembered` is what the last visit kept, or null:
// { logKey, size, root (hex), newest }; `run` does a task of `list-tasks.js`, here or in a worker, and gives a promise.
export async function verifyList(chunks, remembered, run, onProgress = () => {}) {
  let key = null;
  const placed = [];
  const hashed = [];
  let done = 0;
  const reader = new Reader(
    (header) => { key = checkHeader(header); },
    (first, leaves, places) => {
      placed.push(places);
      const answer = run({ name: "leaves", key, first, leaves });
      // A refusal is reported where the answers are awaited.
      answer.then(() => onProgress((done += places.length), reader.header.newest), () => {});
      hashed.push(answer);
    },
  );
  for await (const chunk of chunks) reader.push(chunk);
  const proofs = splitProofs(reader.end());
  const list = { header: reader.header, lost: new Set(reader.lost), places: joined(Float64Array, placed) };
  return { ...(await conclude(list, hashed, key, proofs, remembered, run)), list };
}

// What must not wait is done while workers still hash: signatures, and the order of the leaves. The log's halves are
// folded while the tags are brought into the order of the map.
async function conclude(list, hashed, key, proofs, remembered, run) {
  const { header, places, lost } = list;
  const subjectKey = hmacKey(key);
  const changes = (header.key_changes ?? []).map(parseChange);
  const restores = parseRestores(header.restores ?? []);
  await followKeys(changes, remembered?.logKey ?? header.log_key, header.log_key);
  const checkpoint = await openCheckpoint(header.checkpoint, header.log_key);
  if (remembered !== null) checkMemory(header, checkpoint, header, remembered);

  const last = checkpoint.size - 1;
  const root = fromBase64url(header.map_root);
  const view = new DataView(root.buffer);
  demand(last >= 1 && root.length === 56 && root[0] === 1 && root[1] === 0x40 && root[3] === 0, "map-root");
  demand(view.getBigUint64(8) === BigInt(last), "map-root");

  const others = [{ index: last, hash: leafHash(root) }, ...changes, ...restores];
  const order = logOrder(checkpoint.size, joined(Float64Array, [places, others.map(({ index }) => index)]));
  const answers = await Promise.all(hashed);
  const hashes = joined(Int32Array, answers.map((answer) => answer.hashes));
  list.leaves = joined(Int32Array, answers.map((answer) => answer.leaves));
  const ofOthers = others.map(({ hash }) => toWords(hash));
  const logRoots = logTasks(checkpoint.size, order, joined(Int32Array, [hashes, ...ofOthers]), proofs.log).map(run);
  // Refusals are awaited below, in their order.
  logRoots.forEach((answer) => answer.catch(() => {}));
  const absent = Array.from({ length: WINDOW }, (_, i) =>
    toWords(hmac(subjectKey, join(tagLabel, u64(header.newest + 1 + i)))),
  );
  const inMap = mapTasks(proofs.map, list.leaves, places, hashes, absent);
  const mapRoots = inMap.tasks.map(run);
  mapRoots.forEach((answer) => answer.catch(() => {}));
  const logRoot = rootAbove(await Promise.all(logRoots), (pair) => hashWords(1, 8, pair, 0, 16, pair, 0));
  demand(same(logRoot, checkpoint.root), "inclusion");
  const mapRoot = rootAbove(await Promise.all(mapRoots), (pair) => innerWords(inMap.bit, pair, 0));
  demand(same(mapRoot, root.subarray(24)), "map");
  for (const n of lost) demandLost(restores, places[n - 1], n);
  return {
    origin: checkpoint.origin,
    records: header.newest,
    lost: lost.size,
    // Those that lost something of hers.
    restores: restores.filter((one) => [...lost].some((n) => isLost(one, places[n - 1]))),
    person: hex(toBytes(list.leaves.subarray(2, 2 + HASH))),
    remember: { logKey: header.log_key, size: checkpoint.size, root: hex(checkpoint.root), newest: header.newest },
  };
}

// The root above two subtrees, or the only one, as bytes.
function rootAbove(answers, hashPair) {
  const words = joined(Int32Array, answers.map(({ root }) => root));
  if (answers.length === 2) hashPair(words);
  return toBytes(words.subarray(0, HASH));
}

// ---- One record ----------------------------------------------------------------------------------------------------

// The entry of record `n` of a list that verified, its tag computed here from the person's key.
export function leafOf(list, n) {
  demand(Number.isSafeInteger(n) && n >= 1 && n <= list.header.newest, "numbers", n);
  return toBytes(list.leaves.subarray(LEAF * (n - 1), LEAF * n));
}

// The start of the hour of record `n`: all that the ledger says about when it happened.
export const hourOf = (list, n) => new Date((list.leaves[LEAF * (n - 1) + 1] >>> 0) * 3_600_000);

// Opens record `n` of a list that verified: `entry` is its line of a file `fiducie-history/1`. Gives the compact JWS that
// the ledger stands for, or null when its detail is one that a restore lost.
export function openRecord(list, n, entry) {
  demand(entry.n === n, "numbers", n);
  const leaf = leafOf(list, n);
  demand(entry.index === list.places[n - 1], "opened", n);
  if (entry.record === undefined) {
    demand(list.lost.has(n), "withheld", n);
    demand(same(fromBase64url(entry.leaf), leaf), "opened", n);
    return null;
  }
  const header = fromBase64url(entry.header);
  const salt = fromBase64url(entry.salt);
  demand(SUBJECT_HEADER(header) && salt.length === 64 && typeof entry.record === "string", "form", n);
  const record = utf8.encode(entry.record);
  const message = join(commitLabel, header.subarray(1, 2), u64(n), leaf.subarray(8, 40), record);
  const commitment = hmac(hmacKey(salt), message);
  demand(same(header, leaf.subarray(0, 8)) && same(commitment, leaf.subarray(40)), "opened", n);
  return entry.record;
}
