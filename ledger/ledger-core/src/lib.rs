//! Merkle tree, tiles, signed notes, leaves and commitments: pure functions over bytes.
