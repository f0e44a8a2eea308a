"""API 4.0, which today's unmodified clients speak (docs/api.md): signatures, names and units of its own, our verbs."""

from tracker.rpc.v4 import door, methods, work
from tracker.rpc.v4.table import METHODS

__all__ = ["METHODS", "door", "methods", "work"]
