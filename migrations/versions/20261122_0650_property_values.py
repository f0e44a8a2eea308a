"""Properties: found by their value, for filters that few tickets pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_index("ix_property_value", "property", ["name", sa.text("left(value, 60) text_pattern_ops")])
