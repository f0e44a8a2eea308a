"""The smart cut: whole groups of pictures are copied, only the edges are encoded anew (docs/cut-master.md)."""
