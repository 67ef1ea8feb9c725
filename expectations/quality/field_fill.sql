-- Grain: one row per load that brought versions first: whether tonight judges them, its days, rows, filled rows per column.
-- From: a staged table, its acceptance, ledger.load.   To: likeness.py.
-- Rule: tonight is what no released run has judged; of the loads before, the latest that brought something. Tombstones and
-- closings carry a key alone and say nothing of the other fields.
with versions as (
    select staged.load_id, known.content_hash is null as is_new, staged.content_hash
    from {{staged}} as staged
    left join {{acceptance}} as known on known.content_hash = staged.content_hash and known.judged_run <> $run_no
    where staged.op = 'upsert'
),
brought as (
    select versions.load_id, versions.is_new, any_value(load.window_end) as window_end,
        any_value(date_diff('second', load.window_begin, load.window_end)) / 86400.0 as days
    from versions
    join ledger.load as load on load.load_id = versions.load_id
    group by versions.load_id, versions.is_new
),
asked as (
    select load_id, is_new, days, window_end
    from brought
    qualify is_new or row_number() over (partition by is_new order by window_end desc, load_id) <= $history
)
select asked.is_new, asked.days, count(*), {{filled}}
from asked
join versions on versions.load_id = asked.load_id and versions.is_new = asked.is_new
join {{staged}} as staged on staged.content_hash = versions.content_hash
group by asked.load_id, asked.is_new, asked.days, asked.window_end
order by asked.window_end, asked.load_id
