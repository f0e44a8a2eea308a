"""Alembic migrations, linear; run through `fahrwerk db upgrade`."""
