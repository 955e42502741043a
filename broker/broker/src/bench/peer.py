"""Appends entries to a tiled log with aics-tlog, fsync on, and prints the appends a second.

usage: peer.py FOLDER BATCH SECONDS
"""
import secrets
import sys
import time

from aics_tlog.writer import DirectoryTileStore, IncrementalTileWriter

folder, batch, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
writer = IncrementalTileWriter(DirectoryTileStore(folder, fsync=True))
pool = [[secrets.token_bytes(72) for _ in range(batch)] for _ in range(64)]
started, turns = time.perf_counter(), 0
while time.perf_counter() - started < seconds:
    writer.append(pool[turns % len(pool)])
    writer.store.write_checkpoint(writer.root())
    turns += 1
print(turns * batch / (time.perf_counter() - started))
