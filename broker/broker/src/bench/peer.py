"""Appends entries to a tiled log with aics-tlog, fsync on, and prints two rates in appends a second: the bare log (tiles and
an unsigned root), and the log as a caller needs it, with a signed checkpoint a batch and a tlog-proof an entry.

usage: peer.py FOLDER BATCH SECONDS
"""
import base64
import secrets
import sys
import time

from aics_tlog.checkpoint import Checkpoint, sign_checkpoint
from aics_tlog.tiles import inclusion_proof_from_tiles
from aics_tlog.writer import DirectoryTileStore, IncrementalTileWriter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "peer.example/ledger"


class ReadOnce:
    """Tiles of one size of the tree: each is read once for all proofs of a batch."""

    def __init__(self, store):
        self.store, self.tiles = store, {}

    def read_tile(self, *place):
        if place not in self.tiles:
            self.tiles[place] = self.store.read_tile(*place)
        return self.tiles[place]


def bare(writer, entries):
    writer.append(entries)
    writer.store.write_checkpoint(writer.root())


def with_receipts(writer, entries, key):
    first = writer.append(entries).old_size
    checkpoint = Checkpoint(ORIGIN, writer.size, writer.root())
    note = sign_checkpoint(checkpoint, key, ORIGIN).serialise()
    writer.store.write_checkpoint(note.encode())
    reader = ReadOnce(writer.store)
    for index in range(first, writer.size):
        proof = inclusion_proof_from_tiles(reader, index, writer.size)
        lines = "".join(base64.b64encode(hash).decode() + "\n" for hash in proof)
        yield f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines}\n{note}"


def rate(folder, batch, seconds, append):
    writer = IncrementalTileWriter(DirectoryTileStore(folder, fsync=True))
    pool = [[secrets.token_bytes(72) for _ in range(batch)] for _ in range(64)]
    started, turns = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        append(writer, pool[turns % len(pool)])
        turns += 1
    return turns * batch / (time.perf_counter() - started)


folder, batch, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
key = Ed25519PrivateKey.generate()
print(rate(folder + "/bare", batch, seconds, bare))
print(rate(folder + "/receipts", batch, seconds, lambda *work: list(with_receipts(*work, key))))
