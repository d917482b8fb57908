"""files know their place, one warm sign a person.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The old key let the same sign in twice: the first stays.
    op.execute(
        "DELETE FROM reaction WHERE id NOT IN"
        " (SELECT MIN(id) FROM reaction GROUP BY membership_id, post_id, milestone_id)"
    )
    with op.batch_alter_table('reaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=40), server_default='heart', nullable=False))
        batch_op.drop_constraint(batch_op.f('uq_reaction_membership_id_post_id_milestone_id'), type_='unique')
        batch_op.create_index('uq_reaction_milestone', ['membership_id', 'milestone_id', 'kind'], unique=True, sqlite_where=sa.text('milestone_id IS NOT NULL'), postgresql_where=sa.text('milestone_id IS NOT NULL'))
        batch_op.create_index('uq_reaction_post', ['membership_id', 'post_id', 'kind'], unique=True, sqlite_where=sa.text('post_id IS NOT NULL'), postgresql_where=sa.text('post_id IS NOT NULL'))

    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.add_column(sa.Column('place', sa.String(length=40), server_default='draft', nullable=False))
        batch_op.create_index('ix_upload_place_created_at', ['place', 'created_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_index('ix_upload_place_created_at')
        batch_op.drop_column('place')

    with op.batch_alter_table('reaction', schema=None) as batch_op:
        batch_op.drop_index('uq_reaction_post', sqlite_where=sa.text('post_id IS NOT NULL'), postgresql_where=sa.text('post_id IS NOT NULL'))
        batch_op.drop_index('uq_reaction_milestone', sqlite_where=sa.text('milestone_id IS NOT NULL'), postgresql_where=sa.text('milestone_id IS NOT NULL'))
        batch_op.create_unique_constraint(batch_op.f('uq_reaction_membership_id_post_id_milestone_id'), ['membership_id', 'post_id', 'milestone_id'])
        batch_op.drop_column('kind')

