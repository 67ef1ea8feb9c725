"""Rows about one resident or dwelling bear their community; who may see which community is a table; policies keep it.

On PostgreSQL a login sees the rows of its communities (`scope`), `*` is the whole street, and so is the pipeline and
whoever may become the tables' owner. A row without a community is for the whole street only. SQLite has no logins:
there the commands ask the same question themselves (`scope.py`).
"""

import sqlalchemy as sa
from alembic import op

from expectations.sql import fill, name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCOPED = ("judgement", "correction", "quality_waiver", "erasure")

# `session_user` is the login, whatever role it has taken on; the owner reads `scope` for it.
_MY_SCOPE = """
create function my_scope() returns setof text language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select s.community_code from public.scope as s where s.login = session_user
    union all
    select '*' from pg_roles as r
    where pg_has_role(session_user, r.oid, 'member')
        and (r.rolname = 'pipeline' or r.oid = (select relowner from pg_class where oid = 'public.scope'::regclass))
$$
"""
_OPEN_ENTRY = """
create function open_entry(wanted text) returns setof public.vault_entry language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$ select v.* from public.vault_entry as v where v.token = wanted $$
"""
_LOOKS_AT = """
create function looks_at(subjects text[]) returns setof public.access_log language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select l.* from public.access_log as l where string_to_array(l.subject, ' ') && subjects order by l.seq
$$
"""
_SUBJECTS_SINCE = """
create function subjects_since(since text) returns bigint language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select count(distinct l.subject) from public.access_log as l
    where l.at >= since and l.outcome in ('answered', 'shown')
        and (l.who = session_user or l.who like '% (' || session_user || ')')
$$
"""
_WHO = "who = session_user or right(who, length(session_user) + 3) = ' (' || session_user || ')'"
_CLOSED = ("alter table {{table}} enable row level security", "alter table {{table}} force row level security")
_POLICY = """
create policy {{policy}} on {{table}}
using ('*' = any (array(select my_scope())) or community_code = any (array(select my_scope())))
with check ('*' = any (array(select my_scope())) or community_code = any (array(select my_scope())))
"""


def upgrade() -> None:
    """Add the column and the table; on PostgreSQL the functions and policies."""
    for table in SCOPED:
        op.add_column(table, sa.Column("community_code", sa.Text))
    op.create_table(
        "scope",
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("community_code", sa.Text, primary_key=True),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.DateTime, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in _statements():
            op.execute(statement)


def _statements() -> list[str]:
    made = [_MY_SCOPE, _OPEN_ENTRY, _LOOKS_AT, _SUBJECTS_SINCE]
    made += [f"revoke all on function {f} from public"
             for f in ("my_scope()", "open_entry(text)", "looks_at(text[])", "subjects_since(text)")]  # fmt: skip
    for table in (*SCOPED, "access_log"):
        made += [fill(text, table=name(table)) for text in _CLOSED]
    made += [fill(_POLICY, policy=name(f"{table}_of_community"), table=name(table)) for table in SCOPED]
    # What a role may read of the log is a matter of its grants; nobody writes a line in another login's name.
    made.append("create policy access_log_is_read on access_log for select using (true)")
    made.append(f"create policy access_log_names_its_writer on access_log for insert with check ({_WHO})")
    return made
