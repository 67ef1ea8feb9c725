-- Grain: one row per version whose time lies before a time of the record it belongs to.
-- From: all versions of an entity and of another one.   To: the check not_before_other.
-- Rule: the other's latest word by its own clock counts.
with other as (
    select {{by}}, arg_max(
        {{than}}, {'at': coalesce(changed_at, timestamp '1990-01-01'), 'hash': content_hash}
    ) as first_time
    from {{other}}
    where op = 'upsert'
    group by all
)
select later.content_hash
from {{versions}} as later
join other using ({{by}})
where later.{{column}} < other.first_time
