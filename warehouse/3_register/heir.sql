-- Grain: one row per id that was given out and no longer is the id of a thing, and cluster that holds records of it.
-- From: register.issue, the members of one thing, temp.issued.   To: issued.py.
-- Rule: its anchor's holder first, then who holds most of the records that ever stood under it; none: nobody does.
with former as (
    select distinct issue.id
    from register.issue as issue
    where issue.thing = {{thing}} and issue.what <> 'change'
        and issue.id not in (select member.{{id}} from {{member}} as member)
),
held as (
    select former.id, member.{{id}} as heir, count(distinct issue.obs_key) as records,
        bool_or(register_id({{letter}}, issue.obs_key) = former.id) as anchored
    from former
    join register.issue as issue
        on issue.id = former.id and issue.thing = {{thing}} and issue.what in ('record', 'gone')
    join {{member}} as member on member.obs_key = issue.obs_key
    group by former.id, member.{{id}}
)
select former.id, held.heir, count(held.heir) over (partition by former.id) as heirs,
    held.heir in (select issued.id from temp.issued as issued) as known
from former
left join held on held.id = former.id
qualify row_number() over (
    partition by former.id order by held.anchored desc nulls last, held.records desc nulls last, held.heir
) = 1
order by former.id
