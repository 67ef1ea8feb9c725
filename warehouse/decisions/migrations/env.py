"""Alembic's entry: the connection comes from `upgrade`, which also owns the transaction."""

from alembic import context

from warehouse.decisions.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
