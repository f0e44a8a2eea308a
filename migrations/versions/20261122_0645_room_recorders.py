"""Rooms: the names under which their recorders write."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("room", sa.Column("recorders", postgresql.JSONB(), server_default="[]", nullable=False))
