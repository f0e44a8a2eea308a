"""One long encode in chunks: frame ranges of the untouched cut master, encoded anywhere, joined when all are there.

The ledger beside the job (a folder) is the truth; an executor only carries ids. docs/chunks.md tells the whole story.
"""

from scripts.media.chunks.pools import Pool, PoolLost, pool
from scripts.media.chunks.run import ChunkFailed, encode, forget
from scripts.media.chunks.split import NotSplit

__all__ = ["ChunkFailed", "NotSplit", "Pool", "PoolLost", "encode", "forget", "pool"]
