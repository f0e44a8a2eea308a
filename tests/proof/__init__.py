"""Long evidence runs, for `make proof`."""
