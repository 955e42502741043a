// Keccak-256 as Ethereum and OpenZeppelin's merkle-tree use it: Keccak (FIPS 202, 3) with the padding of the submission,
// 0x01, not SHA-3's 0x06. No browser has it. Written for reading, with one BigInt a lane: a manifest row needs two dozen.

const MASK = (1n << 64n) - 1n;
const RATE = 136;

// FIPS 202, 3.2.5 and 3.2.2: round constants from their shift register, rotations from the walk over the lanes.
const CONSTANTS = Array.from({ length: 24 }, (_, round) => {
  let constant = 0n;
  for (let j = 0; j <= 6; j += 1) if (bitOfRegister(7 * round + j)) constant |= 1n << ((1n << BigInt(j)) - 1n);
  return constant;
});
const WALK = Array.from({ length: 24 }).reduce(
  (walk, _, t) => {
    const { x, y } = walk.at;
    walk.steps.push({ lane: x + 5 * y, by: BigInt((((t + 1) * (t + 2)) / 2) % 64) });
    walk.at = { x: y, y: (2 * x + 3 * y) % 5 };
    return walk;
  },
  { at: { x: 1, y: 0 }, steps: [] },
).steps;

function bitOfRegister(t) {
  let register = 1;
  for (let i = 0; i < t % 255; i += 1) {
    register <<= 1;
    if (register & 0x100) register ^= 0x171;
  }
  return (register & 1) === 1;
}

const rotate = (lane, by) => ((lane << by) | (lane >> (64n - by))) & MASK;

// Keccak-f[1600] on 25 lanes, lane x + 5y.
function permute(a) {
  for (const constant of CONSTANTS) {
    const column = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    for (let i = 0; i < 25; i += 1) a[i] ^= column[(i + 4) % 5] ^ rotate(column[(i + 1) % 5], 1n);
    const b = new Array(25);
    b[0] = a[0];
    for (const { lane, by } of WALK) {
      const [x, y] = [lane % 5, Math.floor(lane / 5)];
      b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[lane], by);
    }
    for (let i = 0; i < 25; i += 1) {
      const y = i - (i % 5);
      a[i] = b[i] ^ (~b[y + ((i + 1) % 5)] & MASK & b[y + ((i + 2) % 5)]);
    }
    a[0] ^= constant;
  }
}

export function keccak256(bytes) {
  const padded = new Uint8Array((Math.floor(bytes.length / RATE) + 1) * RATE);
  padded.set(bytes);
  padded[bytes.length] ^= 0x01;
  padded[padded.length - 1] ^= 0x80;
  const lanes = new Array(25).fill(0n);
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += RATE) {
    for (let i = 0; i < RATE / 8; i += 1) lanes[i] ^= view.getBigUint64(at + 8 * i, true);
    permute(lanes);
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < 4; i += 1) out.setBigUint64(8 * i, lanes[i], true);
  return digest;
}
