"""worker groups, policies, priorities, what blocks a ticket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BLOCK = """
    UPDATE ticket SET blocked = 'recording' FROM ticket parent
    WHERE parent.id = ticket.parent_id AND ticket.type = 'encoding'
    AND ticket.state NOT IN ('material needed', 'ready to encode') AND (parent.failed OR parent.state <> 'copied')
"""


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "worker_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("v3", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("all_projects", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("strict_filters", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("max_tickets", sa.Integer(), nullable=True),
        sa.Column("states", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("max_tickets IS NULL OR max_tickets > 0", name=op.f("ck_worker_group_max_tickets")),
        sa.CheckConstraint("v3 OR secret IS NOT NULL", name=op.f("ck_worker_group_secret")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_group")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_group_name")),
        sa.UniqueConstraint("token", name=op.f("uq_worker_group_token")),
    )
    op.create_index("uq_worker_group_v3", "worker_group", ["v3"], unique=True, postgresql_where="v3")
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_token_hash")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "worker_group_project",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("filter", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["worker_group.id"],
            name=op.f("fk_worker_group_project_group_id_worker_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_worker_group_project_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "project_id", name=op.f("pk_worker_group_project")),
    )
    op.add_column("encoding_profile", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("log_entry", sa.Column("changes", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("project", sa.Column("dependee_state", sa.Text(), server_default="released", nullable=False))
    op.add_column("project", sa.Column("stopped_states", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("project", sa.Column("draining", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("project", sa.Column("node_timeout_s", sa.Integer(), server_default="600", nullable=False))
    op.add_column("ticket", sa.Column("own_priority", sa.Double(), server_default="1", nullable=False))
    op.add_column("ticket", sa.Column("needs_attention", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("ticket", sa.Column("blocked", sa.Text(), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("off", sa.Text(), server_default="", nullable=False))
    op.execute("INSERT INTO worker_group (name, token, v3, all_projects) VALUES ('scripts', 'scripts', true, true)")
    op.add_column("worker", sa.Column("group_id", sa.Integer(), nullable=True))
    op.execute("UPDATE worker SET group_id = (SELECT id FROM worker_group WHERE v3)")
    op.alter_column("worker", "group_id", nullable=False)
    op.add_column("worker", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("worker", sa.Column("speed", sa.Text(), server_default="", nullable=False))
    op.add_column("worker", sa.Column("held", sa.Boolean(), server_default="false", nullable=False))
    op.drop_constraint(op.f("uq_worker_name"), "worker", type_="unique")
    op.create_unique_constraint(op.f("uq_worker_group_id"), "worker", ["group_id", "name"])
    op.create_foreign_key(
        op.f("fk_worker_group_id_worker_group"), "worker", "worker_group", ["group_id"], ["id"], ondelete="CASCADE"
    )
    op.execute("UPDATE ticket SET own_priority = priority WHERE type <> 'encoding'")
    op.execute(BLOCK)
    op.drop_constraint(op.f("ck_ticket_priority"), "ticket", type_="check")
    op.create_check_constraint(op.f("ck_ticket_priority"), "ticket", "priority >= 0 AND own_priority >= 0")
    op.create_check_constraint(op.f("ck_ticket_blocked"), "ticket", "blocked IN ('', 'recording', 'master', 'off')")
    op.create_check_constraint(op.f("ck_ticket_off"), "ticket", "(blocked = 'off') = (off <> '')")
    op.create_check_constraint(op.f("ck_project_node_timeout_s"), "project", "node_timeout_s BETWEEN 30 AND 86400")
    op.drop_index("ix_ticket_free", table_name="ticket")
    op.create_index(
        "ix_ticket_free",
        "ticket",
        ["project_id", "state", sa.text("priority DESC"), "state_since", "id"],
        postgresql_where="user_id IS NULL AND worker_id IS NULL AND NOT failed AND blocked = '' AND priority > 0",
    )
