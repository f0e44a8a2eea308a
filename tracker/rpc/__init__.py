"""The XML-RPC doors for scripts (seed 003, API 3.0): table of methods, boundary, routes."""

from tracker.rpc import introspection, methods, mirror, v4
from tracker.rpc.door import bp
from tracker.rpc.table import METHODS

__all__ = ["METHODS", "bp", "introspection", "methods", "mirror", "v4"]
