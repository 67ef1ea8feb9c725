-- Grain: reading: one row per load that says when it was read; picture: one row per load, with the moment it shows.
-- From: the manifests.   To: snapshot_ends.sql, derived_insert.sql, version_dated.sql.
-- Rule: a picture shows the moment it was taken, never one before a picture of a night that had been read already. Only
-- the picture of its own night may close what it lacks; one that was taken later shows what is there, and no more.
create table if not exists ledger.reading (
    load_id varchar not null,
    source varchar not null,
    entity varchar not null,
    seen_at timestamp not null,
    read_at timestamp not null
);

create or replace view ledger.picture as
with told as (
    select
        load.load_id, load.source, load.entity, load.floor_held, load.snapshot and not load.partial as is_complete,
        load.window_end,
        coalesce(reading.seen_at, load.window_end) as seen_at,
        coalesce(reading.read_at, load.window_end) as read_at
    from ledger.load as load
    left join ledger.reading as reading on reading.load_id = load.load_id
),
followed as (
    select *,
        max(case when seen_at = window_end then seen_at end) over (
            partition by source, entity order by read_at, seen_at, load_id
            rows between unbounded preceding and current row
        ) as reached
    from told
)
select
    load_id, source, entity, floor_held,
    coalesce(greatest(seen_at, reached), seen_at) as dated,
    is_complete and seen_at = window_end and seen_at = reached as may_close
from followed;
