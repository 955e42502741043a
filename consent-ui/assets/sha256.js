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
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (c & (a ^ b)))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
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

function put(out, at) {
  for (let i = 0; i < 8; i += 1) out[at + i] = scratch[i];
}

// SHA-256 of `shift / 8` bytes of prefix (1 to 3) and then `count` words (16 to 28). `out` may overlap `words`.
export function hashWords(prefix, shift, words, at, count, out, outAt) {
  scratch.set(START);
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
  W.fill(0, more + 1, 15);
  W[15] = shift + 32 * count;
  absorb(scratch);
  put(out, outAt);
}

// Tag of a record: HMAC-SHA-256(k_s, "tag/v1" || 00 || u64be n), for n below 2^53.
export function tagWords({ inner, outer }, n, out, outAt) {
  scratch.set(inner);
  W[0] = 0x7461672f;
  W[1] = 0x76310000;
  W[2] = Math.floor(n / 0x1000000);
  W[3] = ((n % 0x1000000) << 8) | 0x80;
  W.fill(0, 4, 15);
  W[15] = 8 * (64 + 15);
  absorb(scratch);
  for (let i = 0; i < 8; i += 1) W[i] = scratch[i];
  scratch.set(outer);
  W[8] = 0x80000000 | 0;
  W.fill(0, 9, 15);
  W[15] = 8 * (64 + 32);
  absorb(scratch);
  put(out, outAt);
}

// Leaf of the map: SHA-256(00 || 20 || tag || 28 || u64be place || leaf hash), for places below 2^53.
export function mapLeafWords(tags, tagAt, place, hashes, hashAt, out, outAt) {
  scratch.set(START);
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
  W.fill(0, 3, 15);
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
  return true;
}

export function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
