"""``make bench``: medians of alternating runs on an own database in a scratch folder; prints a table of ratios."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from flask import Flask
from lxml import etree

from tracker import database, fahrplan, profiles, projects, tickets, wire
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.settings import Settings

EVENTS, ROUNDS, CLAIMS = 300, 3, 200
ZONE = ZoneInfo("Europe/Berlin")
RAW_CLAIM = """
    UPDATE ticket SET state = 'encoding', worker_id = NULL, version = version + 1 WHERE id = (
        SELECT id FROM ticket WHERE project_id = :project AND state = 'ready to encode' AND NOT failed
        AND user_id IS NULL AND worker_id IS NULL ORDER BY priority DESC, state_since, id
        LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id
"""


def main() -> None:
    """Measure and print."""
    with _application() as app:
        rows = [*_imports(app), *_claims(app)]
    print(f"{'what':44} {'seconds':>9} {'compared with':28} {'ratio':>7}")
    for what, seconds, other, ratio in rows:
        print(f"{what:44} {seconds:9.4f} {other:28} {ratio:7.2f}")


@contextmanager
def _application() -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        settings = Settings.from_env({**os.environ, "FAHRWERK_DATA_DIR": f"{folder}/data", "FAHRWERK_SECRET": "bench"})
        with database.connected(settings) as connected:
            database.upgrade(connected.database_url)
            app = create_app(connected)
            with app.app_context():
                yield app
                db.session.remove()
                db.engine.dispose()


def _schedule(events: int, title: str = "Talk") -> bytes:
    root = etree.Element("schedule")
    etree.SubElement(etree.SubElement(root, "conference"), "title").text = "Bench"
    start = datetime(2026, 5, 1, 10, tzinfo=ZONE)
    day = etree.SubElement(root, "day", index="1", date="2026-05-01")
    room = etree.SubElement(day, "room", name="Saal 1")
    for number in range(1, events + 1):
        at = start + timedelta(minutes=30 * number)
        event = etree.SubElement(room, "event", id=str(number), guid=f"guid-{number}")
        fields = {"date": at.isoformat(), "start": f"{at:%H:%M}", "duration": "00:25", "title": f"{title} {number}"}
        for name, value in (fields | {"room": "Saal 1", "slug": f"talk-{number}", "abstract": "x " * 200}).items():
            etree.SubElement(event, name).text = value
    return bytes(etree.tostring(root))


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _project(slug: str) -> str:
    with transaction():
        project = projects.create(slug, slug)
        for profile in profiles.SHIPPED:
            profiles.use(project, profile)
    return slug


def _import(slug: str, xml: bytes) -> None:
    with transaction():
        fahrplan.import_fahrplan(projects.get(slug), xml, tickets.Actor("bench"), source="bench")


def _imports(app: Flask) -> Iterator[tuple[str, float, str, float]]:
    xml, changed = _schedule(EVENTS), _schedule(EVENTS, "Lecture")
    measured: dict[str, list[float]] = {"parse": [], "first": [], "same": [], "changed": []}
    for turn in range(ROUNDS):
        slug = _project(f"import-{turn}")
        measured["parse"].append(_timed(lambda: fahrplan.parse(xml, ZONE, [])))
        for kind, document in (("first", xml), ("same", xml), ("changed", changed)):
            measured[kind].append(_timed(lambda slug=slug, document=document: _import(slug, document)))  # type: ignore[misc]
    parse = median(measured["parse"])
    for kind, what in (("first", "first import"), ("changed", "every title changed"), ("same", "nothing changed")):
        seconds = median(measured[kind])
        yield f"Fahrplan, {EVENTS} events: {what}", seconds, "parsing it", seconds / parse


def _claims(app: Flask) -> Iterator[tuple[str, float, str, float]]:
    project = projects.get("import-0")
    with transaction():
        db.session.execute(db.text("UPDATE ticket SET state = 'ready to encode' WHERE type = 'encoding'"))
        db.session.execute(db.text("UPDATE ticket SET state = 'copied' WHERE type = 'recording'"))
    client, fqdn = app.test_client(), "bench.example.org"
    address = f"/rpc/{wire.login_hash(fqdn, 'bench')}/{fqdn}/{project.slug}"
    call = wire.call("C3TT.assignNextUnassignedForState", ["encoding"])
    over_rpc, raw = [], []
    for _ in range(CLAIMS):
        raw.append(_timed(lambda: _raw_claim(project.id)))
        over_rpc.append(_timed(lambda: client.post(address, data=call)))
    yield "claim by RPC, without a socket", median(over_rpc), "the bare SQL", median(over_rpc) / median(raw)


def _raw_claim(project_id: int) -> None:
    with transaction():
        db.session.execute(db.text(RAW_CLAIM), {"project": project_id})


if __name__ == "__main__":
    main()
