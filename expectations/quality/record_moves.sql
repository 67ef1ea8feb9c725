-- Grain: one row per load: its id, whether tonight judges it, whether its window lies before what was released, its days, the
-- records it names for the first time, the records it ends, and how many stood before tonight.
-- From: a staged table, its acceptance, ledger.load.   To: likeness.py.
-- Rule: a record comes with the first load that names it and ends with a deletion, a closing or a code that says so. Older
-- windows are history that is filled in: what they bring was there before.
with versions as (
    select staged.source_record_id, staged.content_hash, staged.load_id, staged.known_from,
        known.content_hash is null as is_new, coalesce(known.is_current, false) as stood,
        staged.op = 'delete' or {{ended}} as is_over
    from {{staged}} as staged
    left join {{acceptance}} as known on known.content_hash = staged.content_hash and known.judged_run <> $run_no
),
records as (
    select source_record_id, arg_min(load_id, {'at': known_from, 'load': load_id}) as first_load,
        bool_and(is_new) as is_unknown, bool_or(not is_over) as ever_stood,
        bool_or(stood and not is_over) as stood
    from versions
    group by source_record_id
),
released as (
    select max(load.window_end) as until
    from ledger.load as load
    where load.load_id in (select load_id from versions where not is_new)
),
come as (
    select first_load as load_id, is_unknown as is_new, count(*) as records
    from records
    where ever_stood
    group by first_load, is_unknown
),
gone as (
    select versions.load_id, versions.is_new, count(distinct versions.source_record_id) as records
    from versions
    join records on records.source_record_id = versions.source_record_id
    where versions.is_over and (records.stood or not versions.is_new)
    group by versions.load_id, versions.is_new
),
moves as (
    select load_id, is_new, sum(come)::bigint as come, sum(gone)::bigint as gone
    from (
        select load_id, is_new, records as come, 0 as gone from come
        union all
        select load_id, is_new, 0 as come, records as gone from gone
    )
    group by load_id, is_new
)
select moves.is_new, coalesce(load.window_end <= released.until, false) as is_past,
    date_diff('second', load.window_begin, load.window_end) / 86400.0 as days, moves.come, moves.gone,
    (select count(*) from records where stood) as standing, load.load_id
from moves
join ledger.load as load on load.load_id = moves.load_id
cross join released
order by load.window_end, load.load_id
