"""Tests; the tree mirrors the tree of the packages."""
