"""Alembic's entry: run the migrations over the connection that the caller hands in."""

from __future__ import annotations

from alembic import context

from tracker import models
from tracker.db import Base

assert models  # registers the tables

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
