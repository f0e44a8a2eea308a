"""The migrations: one line of them, and at its end the database is what the models say."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from tracker import database, models
from tracker.db import Base

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""


def test_the_history_is_one_line():
    script = database._script()
    assert len(script.get_heads()) == 1 and len(script.get_bases()) == 1
    assert all(isinstance(step.down_revision, str | None) for step in script.walk_revisions())


def test_every_file_of_the_history_is_in_it():
    script = database._script()
    files = {path.name for path in (Path(script.dir) / "versions").glob("[0-9]*.py")}
    assert files == {Path(step.path).name for step in script.walk_revisions()}


def test_autogenerate_finds_nothing_to_do(committed_db):
    assert models
    engine = create_engine(committed_db)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_an_upgraded_database_and_the_models_are_the_same_to_the_last_check(committed_db, new_database):
    made = create_engine(new_database("template0"))
    Base.metadata.create_all(made)
    upgraded = create_engine(committed_db)
    with made.connect() as one, upgraded.connect() as other:
        for question in (CONSTRAINTS, INDEXES, COLUMNS):
            assert one.execute(text(question)).all() == other.execute(text(question)).all()
        assert len(inspect(one).get_table_names()) > 5
    made.dispose()
    upgraded.dispose()
