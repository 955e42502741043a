// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), synchronous.
//
// Why not WebCrypto: it answers each digest through a promise, and a list of 200,000 records needs two million small
// ones. Before anything is verified, `selfTest` compares this code with WebCrypto on messages of many lengths.

// FIPS 180-4, 4.2.2 and 5.3.3.
const K = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const START = new Int32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

const W = new Int32Array(64);

// One block of 64 bytes at `at`, into the state of eight words.
function compress(state, bytes, at) {
  for (let i = 0, p = at; i < 16; i += 1, p += 4) {
    W[i] = (bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3];
  }
  absorb(state);
}

// The block of sixteen words in `W`, into the state.
function absorb(state) {
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15];
    const y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  // Eight rounds at once: the words change their roles instead of their places.
  for (let i = 0; i < 64; i += 8) {
    h = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + (g ^ (e & (f ^ g))) + K[i + 0] + W[i + 0]) | 0;
    d = (d + h) | 0;
    h = (h + (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (c & (a ^ b)))) | 0;
    g = (g + (((d >>> 6) | (d << 26)) ^ ((d >>> 11) | (d << 21)) ^ ((d >>> 25) | (d << 7))) + (f ^ (d & (e ^ f))) + K[i + 1] + W[i + 1]) | 0;
    c = (c + g) | 0;
    g = (g + (((h >>> 2) | (h << 30)) ^ ((h >>> 13) | (h << 19)) ^ ((h >>> 22) | (h << 10))) + ((h & a) ^ (b & (h ^ a)))) | 0;
    f = (f + (((c >>> 6) | (c << 26)) ^ ((c >>> 11) | (c << 21)) ^ ((c >>> 25) | (c << 7))) + (e ^ (c & (d ^ e))) + K[i + 2] + W[i + 2]) | 0;
    b = (b + f) | 0;
    f = (f + (((g >>> 2) | (g << 30)) ^ ((g >>> 13) | (g << 19)) ^ ((g >>> 22) | (g << 10))) + ((g & h) ^ (a & (g ^ h)))) | 0;
    e = (e + (((b >>> 6) | (b << 26)) ^ ((b >>> 11) | (b << 21)) ^ ((b >>> 25) | (b << 7))) + (d ^ (b & (c ^ d))) + K[i + 3] + W[i + 3]) | 0;
    a = (a + e) | 0;
    e = (e + (((f >>> 2) | (f << 30)) ^ ((f >>> 13) | (f << 19)) ^ ((f >>> 22) | (f << 10))) + ((f & g) ^ (h & (f ^ g)))) | 0;
    d = (d + (((a >>> 6) | (a << 26)) ^ ((a >>> 11) | (a << 21)) ^ ((a >>> 25) | (a << 7))) + (c ^ (a & (b ^ c))) + K[i + 4] + W[i + 4]) | 0;
    h = (h + d) | 0;
    d = (d + (((e >>> 2) | (e << 30)) ^ ((e >>> 13) | (e << 19)) ^ ((e >>> 22) | (e << 10))) + ((e & f) ^ (g & (e ^ f)))) | 0;
    c = (c + (((h >>> 6) | (h << 26)) ^ ((h >>> 11) | (h << 21)) ^ ((h >>> 25) | (h << 7))) + (b ^ (h & (a ^ b))) + K[i + 5] + W[i + 5]) | 0;
    g = (g + c) | 0;
    c = (c + (((d >>> 2) | (d << 30)) ^ ((d >>> 13) | (d << 19)) ^ ((d >>> 22) | (d << 10))) + ((d & e) ^ (f & (d ^ e)))) | 0;
    b = (b + (((g >>> 6) | (g << 26)) ^ ((g >>> 11) | (g << 21)) ^ ((g >>> 25) | (g << 7))) + (a ^ (g & (h ^ a))) + K[i + 6] + W[i + 6]) | 0;
    f = (f + b) | 0;
    b = (b + (((c >>> 2) | (c << 30)) ^ ((c >>> 13) | (c << 19)) ^ ((c >>> 22) | (c << 10))) + ((c & d) ^ (e & (c ^ d)))) | 0;
    a = (a + (((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7))) + (h ^ (f & (g ^ h))) + K[i + 7] + W[i + 7]) | 0;
    e = (e + a) | 0;
    a = (a + (((b >>> 2) | (b << 30)) ^ ((b >>> 13) | (b << 19)) ^ ((b >>> 22) | (b << 10))) + ((b & c) ^ (d & (b ^ c)))) | 0;
  }
  state[0] = (state[0] + a) | 0; state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0; state[3] = (state[3] + d) | 0;
  state[4] = (state[4] + e) | 0; state[5] = (state[5] + f) | 0;
  state[6] = (state[6] + g) | 0; state[7] = (state[7] + h) | 0;
}

const tail = new Uint8Array(128);

// The digest of `bytes`, continuing a state that has taken `before` bytes (a multiple of 64).
function finish(state, before, bytes) {
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, bytes, at);
  const rest = bytes.length - whole;
  const end = rest < 56 ? 64 : 128;
  tail.fill(0, 0, end);
  tail.set(bytes.subarray(whole), 0);
  tail[rest] = 0x80;
  const total = before + bytes.length;
  const high = Math.floor(total / 0x20000000);
  const low = (total << 3) >>> 0;
  tail[end - 8] = high >>> 24; tail[end - 7] = high >>> 16; tail[end - 6] = high >>> 8; tail[end - 5] = high;
  tail[end - 4] = low >>> 24; tail[end - 3] = low >>> 16; tail[end - 2] = low >>> 8; tail[end - 1] = low;
  compress(state, tail, 0);
  if (end === 128) compress(state, tail, 64);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 8; i += 1) {
    digest[4 * i] = state[i] >>> 24;
    digest[4 * i + 1] = state[i] >>> 16;
    digest[4 * i + 2] = state[i] >>> 8;
    digest[4 * i + 3] = state[i];
  }
  return digest;
}

const scratch = new Int32Array(8);

export function sha256(bytes) {
  scratch.set(START);
  return finish(scratch, 0, bytes);
}

// A key of at most 64 bytes, ready for many messages.
export function hmacKey(key) {
  if (key.length > 64) throw new RangeError("HMAC key longer than a block");
  const block = new Uint8Array(64);
  const padded = (pad) => {
    block.fill(0).set(key);
    for (let i = 0; i < 64; i += 1) block[i] ^= pad;
    const state = Int32Array.from(START);
    compress(state, block, 0);
    return state;
  };
  return { inner: padded(0x36), outer: padded(0x5c) };
}

export function hmac({ inner, outer }, message) {
  scratch.set(inner);
  const digest = finish(scratch, 64, message);
  scratch.set(outer);
  return finish(scratch, 64, digest);
}

// ---- The few messages of a long list, in words -----------------------------------------------------------------------
//
// Words are big-endian. Nothing is allocated: millions of these are computed for one list.

function begin(state) {
  for (let i = 0; i < 8; i += 1) scratch[i] = state[i];
}

function zeros(from) {
  for (let i = from; i < 15; i += 1) W[i] = 0;
}

function put(out, at) {
  for (let i = 0; i < 8; i += 1) out[at + i] = scratch[i];
}

// SHA-256 of `shift / 8` bytes of prefix (1 to 3) and then `count` words (16 to 28). `out` may overlap `words`.
export function hashWords(prefix, shift, words, at, count, out, outAt) {
  begin(START);
  const up = 32 - shift;
  let before = prefix;
  for (let i = 0; i < 16; i += 1) {
    const word = words[at + i];
    W[i] = (before << up) | (word >>> shift);
    before = word;
  }
  absorb(scratch);
  const more = count - 16;
  for (let i = 0; i < more; i += 1) {
    const word = words[at + 16 + i];
    W[i] = (before << up) | (word >>> shift);
    before = word;
  }
  W[more] = (before << up) | (0x80 << (up - 8));
  zeros(more + 1);
  W[15] = shift + 32 * count;
  absorb(scratch);
  put(out, outAt);
}

// Tag of a record: HMAC-SHA-256(k_s, "tag/v1" || 00 || u64be n), for n below 2^53.
export function tagWords({ inner, outer }, n, out, outAt) {
  begin(inner);
  W[0] = 0x7461672f;
  W[1] = 0x76310000;
  W[2] = Math.floor(n / 0x1000000);
  W[3] = ((n % 0x1000000) << 8) | 0x80;
  zeros(4);
  W[15] = 8 * (64 + 15);
  absorb(scratch);
  for (let i = 0; i < 8; i += 1) W[i] = scratch[i];
  begin(outer);
  W[8] = 0x80000000 | 0;
  zeros(9);
  W[15] = 8 * (64 + 32);
  absorb(scratch);
  put(out, outAt);
}

// Leaf of the map: SHA-256(00 || 20 || tag || 28 || u64be place || leaf hash), for places below 2^53.
export function mapLeafWords(tags, tagAt, place, hashes, hashAt, out, outAt) {
  begin(START);
  let before = 0x0020;
  for (let i = 0; i < 8; i += 1) {
    const word = tags[tagAt + i];
    W[i] = (before << 16) | (word >>> 16);
    before = word;
  }
  W[8] = (before << 16) | 0x2800;
  W[9] = Math.floor(place / 0x1000000);
  before = place % 0x1000000;
  for (let i = 0; i < 6; i += 1) {
    const word = hashes[hashAt + i];
    W[10 + i] = (before << 8) | (word >>> 24);
    before = word;
  }
  absorb(scratch);
  for (let i = 0; i < 2; i += 1) {
    const word = hashes[hashAt + 6 + i];
    W[i] = (before << 8) | (word >>> 24);
    before = word;
  }
  W[2] = (before << 8) | 0x80;
  zeros(3);
  W[15] = 8 * 75;
  absorb(scratch);
  put(out, outAt);
}

// Whether this code and the browser's own agree, on lengths around every border of padding.
export async function selfTest() {
  for (const length of [0, 1, 31, 55, 56, 63, 64, 65, 119, 120, 127, 128, 1000]) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
    const theirs = new Uint8Array(await crypto.subtle.digest("SHA-256", message));
    if (!same(sha256(message), theirs)) return false;
    const raw = message.subarray(0, 64);
    if (raw.length === 0) continue;
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const tag = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
    if (!same(hmac(hmacKey(raw), message), tag)) return false;
  }
  return wordsAgree();
}

// Whether the messages in words are those in bytes.
function wordsAgree() {
  const bytes = Uint8Array.from({ length: 4 * 18 }, (_, i) => (i * 151 + 200) & 0xff);
  const view = new DataView(bytes.buffer);
  const words = Int32Array.from({ length: 18 }, (_, i) => view.getInt32(4 * i));
  const out = new Int32Array(8);
  const told = new Uint8Array(32);
  const agrees = (digest) => {
    out.forEach((word, i) => new DataView(told.buffer).setInt32(4 * i, word));
    return same(told, digest);
  };
  for (const [prefix, count] of [[[1], 16], [[0], 18], [[1, 127], 16], [[1, 0x80, 1], 16]]) {
    const number = prefix.reduce((value, byte) => 256 * value + byte, 0);
    hashWords(number, 8 * prefix.length, words, 0, count, out, 0);
    if (!agrees(sha256(Uint8Array.of(...prefix, ...bytes.subarray(0, 4 * count))))) return false;
  }
  for (const number of [1, 0xffffff, 0x1000000, Number.MAX_SAFE_INTEGER]) {
    const u64 = new Uint8Array(8);
    new DataView(u64.buffer).setBigUint64(0, BigInt(number));
    const key = hmacKey(bytes.subarray(0, 32));
    tagWords(key, number, out, 0);
    if (!agrees(hmac(key, Uint8Array.of(...new TextEncoder().encode("tag/v1\0"), ...u64)))) return false;
    mapLeafWords(words, 1, number, words, 9, out, 0);
    const leaf = Uint8Array.of(0, 0x20, ...bytes.subarray(4, 36), 0x28, ...u64, ...bytes.subarray(36, 68));
    if (!agrees(sha256(leaf))) return false;
  }
  return true;
}

export function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
