-- Grain: one row per record that stands under another id than was given out last, came, or left.
-- From: the members of one thing, temp.issued.   To: issued.py.
-- Rule: only what is new is written; a record that left keeps its id, so that it gets it back when it returns.
select
    case when member.obs_key is null then 'gone' else 'record' end as what,
    coalesce(member.obs_key, issued.obs_key) as obs_key,
    coalesce(member.{{id}}, issued.id) as id
from {{member}} as member
full join temp.issued as issued on issued.obs_key = member.obs_key
where member.{{id}} is distinct from issued.id and member.obs_key is not null
    or member.obs_key is not null and not issued.stands
    or member.obs_key is null and issued.stands
