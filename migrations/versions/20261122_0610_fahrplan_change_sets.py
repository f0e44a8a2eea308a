"""Fahrplan: sources, change sets with what waits, files of their own, messages to the crew."""

from __future__ import annotations

import gzip
import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GONE = """
    UPDATE schedule_event SET gone = true FROM property
    WHERE property.ticket_id = recording_id AND property.name = 'Fahrplan.Lock' AND property.value = 'gone'
"""
KEEP = """
    INSERT INTO fahrplan_file (project_id, sha256, size, content) VALUES (:project_id, :sha256, :size, :content)
    ON CONFLICT (project_id, sha256) DO UPDATE SET size = excluded.size RETURNING id
"""


def _move_files() -> None:
    """Keep the imported files in a table of their own, compressed, each content once."""
    connection = op.get_bind()
    for number, project_id in connection.execute(sa.text("SELECT id, project_id FROM fahrplan_import")).all():
        xml = bytes(
            connection.execute(sa.text("SELECT xml FROM fahrplan_import WHERE id = :id"), {"id": number}).scalar_one()
        )
        values = {"project_id": project_id, "sha256": hashlib.sha256(xml).hexdigest(), "size": len(xml)}
        file_id = connection.execute(sa.text(KEEP), values | {"content": gzip.compress(xml, mtime=0)}).scalar_one()
        connection.execute(
            sa.text("UPDATE fahrplan_import SET file_id = :file_id WHERE id = :id"), {"file_id": file_id, "id": number}
        )


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "fahrplan_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_fahrplan_file_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fahrplan_file")),
        sa.UniqueConstraint("project_id", "sha256", name=op.f("uq_fahrplan_file_project_id")),
    )
    op.create_table(
        "fahrplan_source",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("policy", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("loss_share", sa.Double(), server_default="0.1", nullable=False),
        sa.Column("loss_count", sa.Integer(), server_default="3", nullable=False),
        sa.Column("rooms", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("hold", sa.Text(), server_default="", nullable=False),
        sa.Column("outage", sa.Text(), server_default="", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("every_s", sa.Integer(), server_default="600", nullable=False),
        sa.Column("allow_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("login", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("last_success", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("webhook", sa.LargeBinary(), nullable=True),
        sa.Column("mail_to", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.CheckConstraint("every_s BETWEEN 30 AND 604800", name=op.f("ck_fahrplan_source_every_s")),
        sa.CheckConstraint("loss_count > 0", name=op.f("ck_fahrplan_source_loss_count")),
        sa.CheckConstraint("loss_share > 0 AND loss_share <= 1", name=op.f("ck_fahrplan_source_loss_share")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_fahrplan_source_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_fahrplan_source")),
    )
    op.create_table(
        "fahrplan_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("log_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('applied', 'waiting', 'declined', 'overtaken', 'undone')",
            name=op.f("ck_fahrplan_change_status"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["fahrplan_import.id"],
            name=op.f("fk_fahrplan_change_import_id_fahrplan_import"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_fahrplan_change_project_id_project"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_fahrplan_change_ticket_id_ticket"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fahrplan_change")),
    )
    op.create_index(op.f("ix_fahrplan_change_import_id"), "fahrplan_change", ["import_id"], unique=False)
    op.create_index(
        "ix_fahrplan_change_open",
        "fahrplan_change",
        ["project_id"],
        unique=False,
        postgresql_where="status IN ('waiting', 'declined')",
    )
    op.create_index(op.f("ix_fahrplan_change_ticket_id"), "fahrplan_change", ["ticket_id"], unique=False)
    op.create_index(
        "uq_fahrplan_change_waiting",
        "fahrplan_change",
        ["ticket_id"],
        unique=True,
        postgresql_where="status = 'waiting'",
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("channel IN ('webhook', 'mail')", name=op.f("ck_message_channel")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["fahrplan_import.id"], name=op.f("fk_message_import_id_fahrplan_import"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_message_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("import_id", "channel", name=op.f("uq_message_import_id")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    op.create_index(
        "ix_message_due", "message", ["next_try"], unique=False, postgresql_where="sent IS NULL AND given_up IS NULL"
    )
    op.add_column("fahrplan_import", sa.Column("kind", sa.Text(), server_default="import", nullable=False))
    op.add_column("fahrplan_import", sa.Column("actor", sa.Text(), server_default="importer", nullable=False))
    op.add_column("fahrplan_import", sa.Column("file_id", sa.Integer(), nullable=True))
    op.add_column("fahrplan_import", sa.Column("words", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("fahrplan_import", sa.Column("undone", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fahrplan_import", sa.Column("undone_by", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(
        op.f("fk_fahrplan_import_file_id_fahrplan_file"),
        "fahrplan_import",
        "fahrplan_file",
        ["file_id"],
        ["id"],
        ondelete="SET NULL",
    )
    _move_files()
    op.drop_column("fahrplan_import", "xml")
    op.add_column("room", sa.Column("guid", sa.Text(), server_default="", nullable=False))
    op.add_column("schedule_event", sa.Column("said", postgresql.JSONB(), nullable=True))
    op.add_column("schedule_event", sa.Column("gone", sa.Boolean(), server_default="false", nullable=False))
    op.execute(GONE)
    op.create_check_constraint(op.f("ck_fahrplan_import_kind"), "fahrplan_import", "kind IN ('import', 'review')")
