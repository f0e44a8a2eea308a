"""One PostgreSQL data folder and the server process on it: made, started, recognised, stopped."""

from tracker.cluster.programs import copied, programs
from tracker.cluster.server import MAJOR, Cluster

__all__ = ["MAJOR", "Cluster", "copied", "programs"]
