"""The XML-RPC door for scripts (seed 003, API 3.0)."""

from tracker.rpc import introspection, methods
from tracker.rpc.door import METHODS, bp, respond

__all__ = ["METHODS", "bp", "introspection", "methods", "respond"]
