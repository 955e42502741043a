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

const W = new Int32Array(16);

// One block of 64 bytes at `at`, into the state of eight words.
function compress(state, bytes, at) {
  for (let i = 0, p = at; i < 16; i += 1, p += 4) {
    W[i] = (bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3];
  }
  absorb(state);
}

// The block of sixteen words in `W`, into the state. The words are variables of their own, not an array: their bounds are
// not checked, and a third of the time is saved.
function absorb(state) {
  let w0 = W[0], w1 = W[1], w2 = W[2], w3 = W[3];
  let w4 = W[4], w5 = W[5], w6 = W[6], w7 = W[7];
  let w8 = W[8], w9 = W[9], w10 = W[10], w11 = W[11];
  let w12 = W[12], w13 = W[13], w14 = W[14], w15 = W[15];
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  // Majority is b ^ ((a ^ b) & (b ^ c)), and b ^ c is the a ^ b of the round before.
  let x = 0, y = b ^ c;
  // Sixteen rounds at once: the words change their roles instead of their places.
  for (let i = 0; ; i += 16) {
    h = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + (g ^ (e & (f ^ g))) + K[i + 0] + w0) | 0;
    d = (d + h) | 0;
    x = a ^ b;
    h = (h + (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + (b ^ (x & y))) | 0;
    g = (g + (((d >>> 6) | (d << 26)) ^ ((d >>> 11) | (d << 21)) ^ ((d >>> 25) | (d << 7))) + (f ^ (d & (e ^ f))) + K[i + 1] + w1) | 0;
    c = (c + g) | 0;
    y = h ^ a;
    g = (g + (((h >>> 2) | (h << 30)) ^ ((h >>> 13) | (h << 19)) ^ ((h >>> 22) | (h << 10))) + (a ^ (y & x))) | 0;
    f = (f + (((c >>> 6) | (c << 26)) ^ ((c >>> 11) | (c << 21)) ^ ((c >>> 25) | (c << 7))) + (e ^ (c & (d ^ e))) + K[i + 2] + w2) | 0;
    b = (b + f) | 0;
    x = g ^ h;
    f = (f + (((g >>> 2) | (g << 30)) ^ ((g >>> 13) | (g << 19)) ^ ((g >>> 22) | (g << 10))) + (h ^ (x & y))) | 0;
    e = (e + (((b >>> 6) | (b << 26)) ^ ((b >>> 11) | (b << 21)) ^ ((b >>> 25) | (b << 7))) + (d ^ (b & (c ^ d))) + K[i + 3] + w3) | 0;
    a = (a + e) | 0;
    y = f ^ g;
    e = (e + (((f >>> 2) | (f << 30)) ^ ((f >>> 13) | (f << 19)) ^ ((f >>> 22) | (f << 10))) + (g ^ (y & x))) | 0;
    d = (d + (((a >>> 6) | (a << 26)) ^ ((a >>> 11) | (a << 21)) ^ ((a >>> 25) | (a << 7))) + (c ^ (a & (b ^ c))) + K[i + 4] + w4) | 0;
    h = (h + d) | 0;
    x = e ^ f;
    d = (d + (((e >>> 2) | (e << 30)) ^ ((e >>> 13) | (e << 19)) ^ ((e >>> 22) | (e << 10))) + (f ^ (x & y))) | 0;
    c = (c + (((h >>> 6) | (h << 26)) ^ ((h >>> 11) | (h << 21)) ^ ((h >>> 25) | (h << 7))) + (b ^ (h & (a ^ b))) + K[i + 5] + w5) | 0;
    g = (g + c) | 0;
    y = d ^ e;
    c = (c + (((d >>> 2) | (d << 30)) ^ ((d >>> 13) | (d << 19)) ^ ((d >>> 22) | (d << 10))) + (e ^ (y & x))) | 0;
    b = (b + (((g >>> 6) | (g << 26)) ^ ((g >>> 11) | (g << 21)) ^ ((g >>> 25) | (g << 7))) + (a ^ (g & (h ^ a))) + K[i + 6] + w6) | 0;
    f = (f + b) | 0;
    x = c ^ d;
    b = (b + (((c >>> 2) | (c << 30)) ^ ((c >>> 13) | (c << 19)) ^ ((c >>> 22) | (c << 10))) + (d ^ (x & y))) | 0;
    a = (a + (((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7))) + (h ^ (f & (g ^ h))) + K[i + 7] + w7) | 0;
    e = (e + a) | 0;
    y = b ^ c;
    a = (a + (((b >>> 2) | (b << 30)) ^ ((b >>> 13) | (b << 19)) ^ ((b >>> 22) | (b << 10))) + (c ^ (y & x))) | 0;
    h = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + (g ^ (e & (f ^ g))) + K[i + 8] + w8) | 0;
    d = (d + h) | 0;
    x = a ^ b;
    h = (h + (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + (b ^ (x & y))) | 0;
    g = (g + (((d >>> 6) | (d << 26)) ^ ((d >>> 11) | (d << 21)) ^ ((d >>> 25) | (d << 7))) + (f ^ (d & (e ^ f))) + K[i + 9] + w9) | 0;
    c = (c + g) | 0;
    y = h ^ a;
    g = (g + (((h >>> 2) | (h << 30)) ^ ((h >>> 13) | (h << 19)) ^ ((h >>> 22) | (h << 10))) + (a ^ (y & x))) | 0;
    f = (f + (((c >>> 6) | (c << 26)) ^ ((c >>> 11) | (c << 21)) ^ ((c >>> 25) | (c << 7))) + (e ^ (c & (d ^ e))) + K[i + 10] + w10) | 0;
    b = (b + f) | 0;
    x = g ^ h;
    f = (f + (((g >>> 2) | (g << 30)) ^ ((g >>> 13) | (g << 19)) ^ ((g >>> 22) | (g << 10))) + (h ^ (x & y))) | 0;
    e = (e + (((b >>> 6) | (b << 26)) ^ ((b >>> 11) | (b << 21)) ^ ((b >>> 25) | (b << 7))) + (d ^ (b & (c ^ d))) + K[i + 11] + w11) | 0;
    a = (a + e) | 0;
    y = f ^ g;
    e = (e + (((f >>> 2) | (f << 30)) ^ ((f >>> 13) | (f << 19)) ^ ((f >>> 22) | (f << 10))) + (g ^ (y & x))) | 0;
    d = (d + (((a >>> 6) | (a << 26)) ^ ((a >>> 11) | (a << 21)) ^ ((a >>> 25) | (a << 7))) + (c ^ (a & (b ^ c))) + K[i + 12] + w12) | 0;
    h = (h + d) | 0;
    x = e ^ f;
    d = (d + (((e >>> 2) | (e << 30)) ^ ((e >>> 13) | (e << 19)) ^ ((e >>> 22) | (e << 10))) + (f ^ (x & y))) | 0;
    c = (c + (((h >>> 6) | (h << 26)) ^ ((h >>> 11) | (h << 21)) ^ ((h >>> 25) | (h << 7))) + (b ^ (h & (a ^ b))) + K[i + 13] + w13) | 0;
    g = (g + c) | 0;
    y = d ^ e;
    c = (c + (((d >>> 2) | (d << 30)) ^ ((d >>> 13) | (d << 19)) ^ ((d >>> 22) | (d << 10))) + (e ^ (y & x))) | 0;
    b = (b + (((g >>> 6) | (g << 26)) ^ ((g >>> 11) | (g << 21)) ^ ((g >>> 25) | (g << 7))) + (a ^ (g & (h ^ a))) + K[i + 14] + w14) | 0;
    f = (f + b) | 0;
    x = c ^ d;
    b = (b + (((c >>> 2) | (c << 30)) ^ ((c >>> 13) | (c << 19)) ^ ((c >>> 22) | (c << 10))) + (d ^ (x & y))) | 0;
    a = (a + (((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7))) + (h ^ (f & (g ^ h))) + K[i + 15] + w15) | 0;
    e = (e + a) | 0;
    y = b ^ c;
    a = (a + (((b >>> 2) | (b << 30)) ^ ((b >>> 13) | (b << 19)) ^ ((b >>> 22) | (b << 10))) + (c ^ (y & x))) | 0;
    if (i === 48) break;
    // FIPS 180-4, 6.2.2, step 1, for the next sixteen.
    w0 = (w0 + (((w1 >>> 7) | (w1 << 25)) ^ ((w1 >>> 18) | (w1 << 14)) ^ (w1 >>> 3)) + w9 + (((w14 >>> 17) | (w14 << 15)) ^ ((w14 >>> 19) | (w14 << 13)) ^ (w14 >>> 10))) | 0;
    w1 = (w1 + (((w2 >>> 7) | (w2 << 25)) ^ ((w2 >>> 18) | (w2 << 14)) ^ (w2 >>> 3)) + w10 + (((w15 >>> 17) | (w15 << 15)) ^ ((w15 >>> 19) | (w15 << 13)) ^ (w15 >>> 10))) | 0;
    w2 = (w2 + (((w3 >>> 7) | (w3 << 25)) ^ ((w3 >>> 18) | (w3 << 14)) ^ (w3 >>> 3)) + w11 + (((w0 >>> 17) | (w0 << 15)) ^ ((w0 >>> 19) | (w0 << 13)) ^ (w0 >>> 10))) | 0;
    w3 = (w3 + (((w4 >>> 7) | (w4 << 25)) ^ ((w4 >>> 18) | (w4 << 14)) ^ (w4 >>> 3)) + w12 + (((w1 >>> 17) | (w1 << 15)) ^ ((w1 >>> 19) | (w1 << 13)) ^ (w1 >>> 10))) | 0;
    w4 = (w4 + (((w5 >>> 7) | (w5 << 25)) ^ ((w5 >>> 18) | (w5 << 14)) ^ (w5 >>> 3)) + w13 + (((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10))) | 0;
    w5 = (w5 + (((w6 >>> 7) | (w6 << 25)) ^ ((w6 >>> 18) | (w6 << 14)) ^ (w6 >>> 3)) + w14 + (((w3 >>> 17) | (w3 << 15)) ^ ((w3 >>> 19) | (w3 << 13)) ^ (w3 >>> 10))) | 0;
    w6 = (w6 + (((w7 >>> 7) | (w7 << 25)) ^ ((w7 >>> 18) | (w7 << 14)) ^ (w7 >>> 3)) + w15 + (((w4 >>> 17) | (w4 << 15)) ^ ((w4 >>> 19) | (w4 << 13)) ^ (w4 >>> 10))) | 0;
    w7 = (w7 + (((w8 >>> 7) | (w8 << 25)) ^ ((w8 >>> 18) | (w8 << 14)) ^ (w8 >>> 3)) + w0 + (((w5 >>> 17) | (w5 << 15)) ^ ((w5 >>> 19) | (w5 << 13)) ^ (w5 >>> 10))) | 0;
    w8 = (w8 + (((w9 >>> 7) | (w9 << 25)) ^ ((w9 >>> 18) | (w9 << 14)) ^ (w9 >>> 3)) + w1 + (((w6 >>> 17) | (w6 << 15)) ^ ((w6 >>> 19) | (w6 << 13)) ^ (w6 >>> 10))) | 0;
    w9 = (w9 + (((w10 >>> 7) | (w10 << 25)) ^ ((w10 >>> 18) | (w10 << 14)) ^ (w10 >>> 3)) + w2 + (((w7 >>> 17) | (w7 << 15)) ^ ((w7 >>> 19) | (w7 << 13)) ^ (w7 >>> 10))) | 0;
    w10 = (w10 + (((w11 >>> 7) | (w11 << 25)) ^ ((w11 >>> 18) | (w11 << 14)) ^ (w11 >>> 3)) + w3 + (((w8 >>> 17) | (w8 << 15)) ^ ((w8 >>> 19) | (w8 << 13)) ^ (w8 >>> 10))) | 0;
    w11 = (w11 + (((w12 >>> 7) | (w12 << 25)) ^ ((w12 >>> 18) | (w12 << 14)) ^ (w12 >>> 3)) + w4 + (((w9 >>> 17) | (w9 << 15)) ^ ((w9 >>> 19) | (w9 << 13)) ^ (w9 >>> 10))) | 0;
    w12 = (w12 + (((w13 >>> 7) | (w13 << 25)) ^ ((w13 >>> 18) | (w13 << 14)) ^ (w13 >>> 3)) + w5 + (((w10 >>> 17) | (w10 << 15)) ^ ((w10 >>> 19) | (w10 << 13)) ^ (w10 >>> 10))) | 0;
    w13 = (w13 + (((w14 >>> 7) | (w14 << 25)) ^ ((w14 >>> 18) | (w14 << 14)) ^ (w14 >>> 3)) + w6 + (((w11 >>> 17) | (w11 << 15)) ^ ((w11 >>> 19) | (w11 << 13)) ^ (w11 >>> 10))) | 0;
    w14 = (w14 + (((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3)) + w7 + (((w12 >>> 17) | (w12 << 15)) ^ ((w12 >>> 19) | (w12 << 13)) ^ (w12 >>> 10))) | 0;
    w15 = (w15 + (((w0 >>> 7) | (w0 << 25)) ^ ((w0 >>> 18) | (w0 << 14)) ^ (w0 >>> 3)) + w8 + (((w13 >>> 17) | (w13 << 15)) ^ ((w13 >>> 19) | (w13 << 13)) ^ (w13 >>> 10))) | 0;
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
