// The hashing of a list (`list.js`), in tasks that share nothing: workers do them side by side.

import { hashWords, hmacKey, mapLeafWords, same, tagWords } from "./sha256.js";
import { demand } from "./history.js";

export const LEAF = 18; // words of an entry
export const HASH = 8; // words of a hash

// ---- Bytes and words -----------------------------------------------------------------------------------------------

export const wordAt = (bytes, at) =>
  (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];

export function toWords(bytes) {
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => wordAt(bytes, 4 * i));
}

export function toBytes(words) {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setInt32(4 * i, word));
  return bytes;
}

export const copyWords = (from, at, count, to, toAt) => {
  for (let i = 0; i < count; i += 1) to[toAt + i] = from[at + i];
};

// ---- Tasks ---------------------------------------------------------------------------------------------------------

// A person has one key: its states are computed once in each worker.
let subject = { key: null, states: null };

function subjectOf(key) {
  if (subject.key === null || !same(subject.key, key)) subject = { key, states: hmacKey(key) };
  return subject.states;
}

// The tags of entries that come without, and their hashes.
function hashLeaves({ key, first, leaves }) {
  const states = subjectOf(key);
  const count = leaves.length / LEAF;
  const hashes = new Int32Array(HASH * count);
  for (let i = 0; i < count; i += 1) {
    tagWords(states, first + i, leaves, LEAF * i + 2);
    hashWords(0, 8, leaves, LEAF * i, LEAF, hashes, HASH * i);
  }
  return { leaves, hashes };
}

// The root of the subtree [from, to) of the log (RFC 6962 2.1): `places` ascend, `hashes` are theirs, and `proof` holds
// the roots of the subtrees without any, from the left.
function foldLog({ from, to, places, hashes, proof }) {
  const stack = new Int32Array(HASH * 64);
  let used = 0;
  const fold = (begin, end, first, last, slot) => {
    if (first === last) {
      demand(used + 32 <= proof.length, "inclusion");
      for (let i = 0; i < HASH; i += 1) stack[slot + i] = wordAt(proof, used + 4 * i);
      used += 32;
    } else if (end - begin === 1) {
      copyWords(hashes, HASH * first, HASH, stack, slot);
    } else {
      const middle = middleOf(begin, end);
      const cut = firstAtLeast(places, middle, first, last);
      fold(begin, middle, first, cut, slot);
      fold(middle, end, cut, last, slot + HASH);
      hashWords(1, 8, stack, slot, 16, stack, slot);
    }
  };
  fold(from, to, 0, places.length, 0);
  demand(used === proof.length, "inclusion");
  return { root: stack.slice(0, HASH) };
}

// Where a tree splits: the largest power of two below its size.
export function middleOf(begin, end) {
  let half = 1;
  while (half * 2 < end - begin) half *= 2;
  return begin + half;
}

export function firstAtLeast(places, bound, first, last) {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

const FOLDED = 0;
export const FORK = 1;
const PRESENT = 2;
export const OTHER = 3;
const NONE = [];

// The root of a part of the map (crate `ledger-core`, module `map::pruned`). Below `path`, a list of [bit, side], lie the
// own tags, which ascend, and the `absent` ones. Tags and hashes are words.
function foldMap({ bytes, path: above, tags, places, hashes, absent }) {
  const stack = new Int32Array(HASH * 258);
  const path = above.map(([bit]) => bit);
  const sides = above.map(([, side]) => side);
  const entry = new Int32Array(2 * HASH);
  let at = 0;
  const bitOf = (words, tagAt, bit) => (words[tagAt + (bit >> 5)] >>> (31 - (bit & 31))) & 1;
  const belongs = (words, tagAt) => {
    for (let i = 0; i < path.length; i += 1) demand(bitOf(words, tagAt, path[i]) === sides[i], "map");
  };
  const isNone = (words, tagAt, missing) => {
    for (const tag of missing) demand(tag.some((word, i) => word !== words[tagAt + i]), "map");
  };
  const take = (length) => {
    at += length;
    demand(at <= bytes.length, "map");
    return at - length;
  };
  const walk = (first, last, missing, slot) => {
    const kind = bytes[take(1)];
    if (kind === FORK) {
      const bit = bytes[take(1)];
      demand(path.length === 0 || bit > path[path.length - 1], "map");
      demand(first < last || missing.length > 0, "map");
      let [low, high] = [first, last];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (bitOf(tags, HASH * middle, bit) === 0) low = middle + 1;
        else high = middle;
      }
      path.push(bit);
      sides.push(0);
      walk(first, low, missing.length === 0 ? NONE : missing.filter((tag) => bitOf(tag, 0, bit) === 0), slot);
      sides[sides.length - 1] = 1;
      walk(low, last, missing.length === 0 ? NONE : missing.filter((tag) => bitOf(tag, 0, bit) === 1), slot + HASH);
      path.pop();
      sides.pop();
      innerWords(bit, stack, slot);
    } else if (kind === FOLDED) {
      demand(first === last && missing.length === 0, "map");
      const hash = take(32);
      for (let i = 0; i < HASH; i += 1) stack[slot + i] = wordAt(bytes, hash + 4 * i);
    } else if (kind === PRESENT) {
      demand(last - first === 1, "map");
      belongs(tags, HASH * first);
      isNone(tags, HASH * first, missing);
      mapLeafWords(tags, HASH * first, places[first], hashes, HASH * first, stack, slot);
    } else {
      demand(kind === OTHER && first === last && missing.length > 0, "map");
      const [tagAt, place, hash] = [take(32), take(8), take(32)];
      for (let i = 0; i < HASH; i += 1) {
        entry[i] = wordAt(bytes, tagAt + 4 * i);
        entry[HASH + i] = wordAt(bytes, hash + 4 * i);
      }
      belongs(entry, 0);
      isNone(entry, 0, missing);
      const index = (wordAt(bytes, place) >>> 0) * 0x100000000 + (wordAt(bytes, place + 4) >>> 0);
      demand(Number.isSafeInteger(index), "map");
      mapLeafWords(entry, 0, index, entry, HASH, stack, slot);
    }
  };
  walk(0, places.length, absent, 0);
  demand(at === bytes.length, "map");
  return { root: stack.slice(0, HASH) };
}

// SHA-256(01 || uvarint(bit) || left || right), in the place of left and right.
export function innerWords(bit, stack, slot) {
  if (bit < 128) hashWords(0x100 | bit, 16, stack, slot, 16, stack, slot);
  else hashWords(0x10000 | (((bit & 0x7f) | 0x80) << 8) | (bit >> 7), 24, stack, slot, 16, stack, slot);
}

const TASKS = { leaves: hashLeaves, log: foldLog, map: foldMap };

// Does one task; throws `Refused`.
export function work(task) {
  return TASKS[task.name](task);
}
