-- Grain: one row per number and set of profiles that fit each other under it.
-- From: r_profile, r_guard, r_number.   To: r_owner.
-- Rule: a checked number is evidence for those whose own birth date is the one in it, if they are the only ones so
--   confirmed; a number without a check digit when seen twice under one name. A number borne by people who do not fit
--   each other is contested, and no evidence for those who do not own it.
create or replace temp table r_owner as
with label as (
    select
        profile.id
        , guard.guard
        , bool_or(profile.id_valid) as checked
        , bool_or(coalesce(list_contains($seen_twice, profile.id_type), false)) as seen_twice
        , sum(profile.n) as records
        , coalesce(bool_or(profile.birth = profile.id_birth), false) as confirmed
        , coalesce(bool_or(profile.birth is not null and profile.id_birth is not null), false) as comparable
    from r_profile as profile
    inner join r_guard as guard on profile.node = guard.node
    left join r_number as number on profile.id = number.id
    where profile.id is not null and not coalesce(number.hub, false)
    group by 1, 2
)

, number as (
    select id, count(*) as labels, count(*) filter (where confirmed) as confirmed
    from label
    group by id
)

, owner as (
    select
        label.id
        , label.guard
        , number.labels
        , label.checked or label.seen_twice as checkable
        , case
            when label.checked and number.labels = 1 then label.confirmed or not label.comparable
            when label.checked then label.confirmed and number.confirmed = 1
            else label.seen_twice and number.labels = 1 and label.records >= 2
        end as owned
    from label
    inner join number on label.id = number.id
)

select id, guard, owned, labels > 1 and not owned and checkable as contested
from owner
