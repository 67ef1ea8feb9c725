-- Grain: one row per published id that is no longer the id of a person.
-- From: r_before (obs_key, person_id as published), r_member.   To: register.person_alias.
-- Rule: it resolves to who now holds its anchor, the record it was made from; if that record is gone, to who holds
--   most of its records, else to nobody. Earlier aliases follow.
create or replace temp table r_moved as
with gone as (
    select distinct before.person_id
    from r_before as before
    anti join r_member as member on before.person_id = member.person_id
)

, now as (
    select before.person_id as old_id, member.person_id as new_id, count(*) as records
        , bool_or('P' || substr(sha256($salt || '|' || before.obs_key), 1, 20) = before.person_id) as anchor
    from r_before as before
    inner join gone on before.person_id = gone.person_id
    inner join r_member as member on before.obs_key = member.obs_key
    group by 1, 2
)

, heir as (
    select old_id, new_id
    from now
    qualify row_number() over (partition by old_id order by anchor desc, records desc, new_id) = 1
)

, known as (
    select distinct before.person_id
    from r_before as before
)

select
    gone.person_id
    , heir.new_id as current_person_id
    , case
        when heir.new_id is null then 'withdrawn'
        when (select count(*) from now where now.old_id = gone.person_id) > 1 then 'split'
        when exists (select 1 from known where known.person_id = heir.new_id) then 'merged'
        else 'anchor'
    end as reason
from gone
left join heir on gone.person_id = heir.old_id
