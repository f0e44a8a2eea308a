"""The house rules that a machine can check; every rule is also shown a breach, so that none can rot into a yes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
ORDER = (
    *("errors", "sparing", "wire", "settings", "logs", "names", "veil", "filters", "asking", "fetch", "statemachine"),
    *("cluster", "embedded"),
    *("db", "models", "queries", "database"),
    *("patterns", "properties", "rooms", "tickets", "projects", "profiles", "workers", "users"),
    *("tokens", "searches", "uploads", "reviews", "daymap", "reports", "figures", "readiness", "slides"),
    *("fahrplan", "duplicates"),
    *("hosts", "rpc", "gui", "health", "proxies", "app", "patience", "serve", "doctor", "cli"),
)
"""The modules (or packages) of tracker; each may import those before it."""

SURFACES = ("rpc", "gui", "cli", "health", "proxies", "app", "patience", "serve", "doctor")
SQL = {
    "sqlalchemy": ("db", "models", "queries", "database"),
    "flask_sqlalchemy": ("db",),
    "alembic": ("database",),
    "psycopg2": ("cluster", "embedded", "database"),
}
FLASK = {"flask": SURFACES, "flask_wtf": SURFACES, "flask_login": (*SURFACES, "models"), "wtforms": SURFACES}
BOUNDARIES = ("tracker/rpc/boundary.py", "tracker/cli/__init__.py", "scripts/worker/main.py", "scripts/worker/loop.py")
WORKER_FREE_OF = ("flask", "sqlalchemy", "transitions", "psycopg2", "alembic", "gunicorn")

Sources = Mapping[str, str]
"""Path relative to the repository -> text."""


def house(*folders: str) -> Sources:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


@cache
def parse(source: str) -> ast.Module:
    return ast.parse(source)


def imports(source: str) -> Iterator[str]:
    """Yield the full names of what is imported, anywhere in the file."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def unit(path: str) -> str:
    """Return the module or package of tracker that a file belongs to ('' for its __init__)."""
    first = Path(path).parts[1]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def of_tracker(sources: Sources) -> Iterator[tuple[str, str, str]]:
    yield from ((path, unit(path), text) for path, text in sources.items() if path.startswith("tracker/"))


def calls(source: str) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(parse(source)) if isinstance(node, ast.Call))


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# -- the rules: each returns its breaches


def imports_that_point_up(sources: Sources) -> list[str]:
    found = []
    for path, own, text in of_tracker(sources):
        others = {name.split(".")[1] for name in imports(text) if name.startswith("tracker.")} - {own}
        rank = ORDER.index(own) if own in ORDER else -1
        found += [f"{path} -> {other}" for other in others if other not in ORDER or ORDER.index(other) > rank]
    return found


def libraries_in_the_wrong_place(sources: Sources) -> list[str]:
    found = []
    for path, own, text in of_tracker(sources):
        used = {name.split(".")[0] for name in imports(text)}
        found += [f"{path} imports {name}" for name in used if own not in (SQL | FLASK).get(name, (own,))]
    return found


def commits_elsewhere(sources: Sources) -> list[str]:
    return [
        f"{path}:{call.lineno}"
        for path, _, text in of_tracker(sources)
        for call in calls(text)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit" and path != "tracker/db.py"
    ]


def surfaces_that_use_the_session(sources: Sources) -> list[str]:
    return [
        f"{path}:{node.lineno}"
        for path, own, text in of_tracker(sources)
        if own in SURFACES
        for node in ast.walk(parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "session" and ast.unparse(node.value) == "db"
    ]


def states_moved_elsewhere(sources: Sources) -> list[str]:
    """Only tickets fire the machine; nobody assigns a state."""
    found = []
    for path, own, text in of_tracker(sources):
        names = {ast.unparse(call.func).split(".")[-1] for call in calls(text)}
        if own not in ("tickets", "statemachine") and names & {"fire", "trigger"}:
            found.append(f"{path} fires the machine")
        assigned = (t for node in ast.walk(parse(text)) if isinstance(node, ast.Assign) for t in node.targets)
        found += [f"{path}:{t.lineno}" for t in assigned if isinstance(t, ast.Attribute) and t.attr == "state"]
    return found


def scripts_that_know_the_server(sources: Sources) -> list[str]:
    return [
        f"{path} imports {name}"
        for path, text in sources.items()
        if path.startswith("scripts/")
        for name in imports(text)
        if name.split(".")[0] in ("tracker", "demo", "migrations", "tests")
        and name.split(".")[:2] != ["tracker", "wire"]
    ]


def scripts_with_undeclared_packages(sources: Sources) -> list[str]:
    """The base install, without extras, has to be enough for a worker."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=]", name)[0].replace("-", "_") for name in project["dependencies"]}
    known = declared | sys.stdlib_module_names | {"scripts", "tracker"}
    optional = {("scripts/media/chunks/pools.py", "distributed")}
    workers = {path: text for path, text in sources.items() if path.startswith("scripts/")} | {
        "tracker/wire.py": sources.get("tracker/wire.py", "")
    }
    return [
        f"{path} imports {name}"
        for path, text in workers.items()
        for name in imports(text)
        if name.split(".")[0] not in known and (path, name.split(".")[0]) not in optional
    ]


def wire_with_packages(sources: Sources) -> list[str]:
    names = imports(sources.get("tracker/wire.py", ""))
    return [name for name in names if name.split(".")[0] not in sys.stdlib_module_names]


def long_modules(sources: Sources) -> list[str]:
    return [path for path, text in sources.items() if text.count("\n") > 400]


def long_functions(sources: Sources) -> list[str]:
    return [
        f"{path}:{function.name}"
        for path, text in sources.items()
        for function in functions(text)
        if (function.end_lineno or 0) - function.lineno + 1 > 60
    ]


def shells(sources: Sources) -> list[str]:
    found = []
    for path, text in sources.items():
        for call in calls(text):
            name = ast.unparse(call.func)
            if name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"):
                found.append(f"{path}:{call.lineno}")
            if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords):
                found.append(f"{path}:{call.lineno}")
    return found


def catch_alls(sources: Sources) -> list[str]:
    """Nothing is caught wholesale but at the three boundaries; what is raised again does not count."""
    found = []
    for path, text in sources.items():
        for node in ast.walk(parse(text)):
            if not isinstance(node, ast.ExceptHandler) or path in BOUNDARIES:
                continue
            broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            if broad and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None):
                found.append(f"{path}:{node.lineno}")
    return found


def nameless_modules(sources: Sources) -> list[str]:
    vague = {"util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "common", "misc"}
    return [path for path in sources if vague & {part.removesuffix(".py") for part in Path(path).parts}]


def public_without_docstring(sources: Sources) -> list[str]:
    return [
        f"{path}:{function.name}"
        for path, text in sources.items()
        for function in outer_functions(parse(text))
        if not function.name.startswith("_") and not ast.get_docstring(function)
    ]


def outer_functions(scope: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield functions and methods, but not those inside of others, nor what classes with an underscore have."""
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from outer_functions(node)


def given_up_tests(sources: Sources) -> list[str]:
    words = re.compile(
        r"unittest\.mock|\bMagicMock\b|pytest\.skip|pytest\.xfail|mark\.(?:skip|skipif|xfail)|importorskip"
    )
    return [f"{path}: {found[0]}" for path, text in sources.items() if (found := words.search(text))]


Rule = Callable[[Sources], list[str]]
PRODUCT = ("tracker", "scripts", "demo")
RULES: list[tuple[Rule, tuple[str, ...], str, str]] = [
    (imports_that_point_up, PRODUCT, "tracker/tickets/moves.py", "from tracker.rpc import bp"),
    (imports_that_point_up, PRODUCT, "tracker/errors.py", "def late():\n    import tracker.settings"),
    (imports_that_point_up, PRODUCT, "tracker/rpc.py", "from tracker import unheard_of"),
    (libraries_in_the_wrong_place, PRODUCT, "tracker/gui/views.py", "from sqlalchemy import select"),
    (libraries_in_the_wrong_place, PRODUCT, "tracker/tickets.py", "from flask import request"),
    (libraries_in_the_wrong_place, PRODUCT, "tracker/users.py", "import psycopg2.errors"),
    (commits_elsewhere, PRODUCT, "tracker/rpc/door.py", "db.session.commit()"),
    (surfaces_that_use_the_session, PRODUCT, "tracker/gui/views.py", "db.session.add(ticket)"),
    (states_moved_elsewhere, PRODUCT, "tracker/rpc/methods.py", "statemachine.fire(table, ticket, 'cut')"),
    (states_moved_elsewhere, PRODUCT, "tracker/tickets/moves.py", "ticket.state = 'cut'"),
    (scripts_that_know_the_server, PRODUCT, "scripts/encoder.py", "from tracker.settings import Settings"),
    (scripts_that_know_the_server, PRODUCT, "scripts/encoder.py", "from tracker import tickets"),
    (scripts_with_undeclared_packages, PRODUCT, "scripts/encoder.py", "import flask"),
    (wire_with_packages, PRODUCT, "tracker/wire.py", "import lxml"),
    (long_modules, PRODUCT, "tracker/models.py", "x = 1\n" * 401),
    (long_functions, PRODUCT, "scripts/encoder.py", "def work():\n" + "    pass\n" * 60),
    (shells, (*PRODUCT, "migrations", "tests"), "scripts/x.py", "subprocess.run(line, shell=True)"),
    (shells, (*PRODUCT, "migrations", "tests"), "scripts/x.py", "os.system('true')"),
    (catch_alls, PRODUCT, "tracker/tickets/moves.py", "try:\n    pass\nexcept Exception:\n    pass"),
    (catch_alls, PRODUCT, "scripts/x.py", "try:\n    pass\nexcept:\n    print(1)"),
    (nameless_modules, (*PRODUCT, "tests"), "tracker/gui/utils.py", ""),
    (public_without_docstring, PRODUCT, "tracker/tickets/moves.py", "def move(ticket):\n    return ticket"),
    (given_up_tests, ("tests/tracker", "tests/scripts", "tests/demo", "tests/e2e", "tests/faults"), "tests/x.py",
     "@pytest.mark.skip"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "folders"), {rule: folders for rule, folders, _, _ in RULES}.items())
def test_the_house_keeps_the_rule(rule, folders):
    assert rule(house(*folders)) == []


@pytest.mark.parametrize(("rule", "folders", "path", "breach"), RULES)
def test_a_breach_of_the_rule_is_seen(rule, folders, path, breach):
    assert rule({path: breach}) != []


def test_functions_are_short():
    lengths = [
        (function.end_lineno or 0) - function.lineno + 1
        for text in house(*PRODUCT).values()
        for function in functions(text)
    ]
    assert len(lengths) > 500 and median(lengths) < 10
    assert sum(length > 40 for length in lengths) < len(lengths) / 100


def test_a_worker_and_the_command_load_nothing_of_the_server():
    modules = ["tracker.cli", *(path.removesuffix(".py").replace("/", ".") for path in house("scripts"))]
    program = f"""
import importlib, sys
for name in {[name.removesuffix(".__init__") for name in modules]!r}:
    importlib.import_module(name)
print(sorted({{name.split(".")[0] for name in sys.modules}} & set({WORKER_FREE_OF!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("[]\n", "")
