"""Buckets of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "bucket",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("full_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop it; every key may ask as much as if it had rested."""
    op.drop_table("bucket")
