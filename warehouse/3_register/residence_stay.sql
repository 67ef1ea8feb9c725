-- Grain: one row per stay: person, place and begin.
-- From: temp.residence_told, house_visit.   To: person_house_link, person_presence.
-- Rule: what is said of one begin in one place is one stay. It ends on the day a source names (of the stay of that begin,
-- wherever the source places it), unless it was seen going on later than that was said; else when the person's next stay
-- begins by the same source; else on the first visit after it was last seen that lists all who live there and not this
-- person. The three are business dates; nothing else decides.
with stay as (
    select
        person_id, place, begins,
        any_value(house_id) as house_id,
        max(said_at) filter (where not is_over) as seen_at,
        max(ends) filter (where is_void) as void_at,
        max(said_at) as said_at
    from temp.residence_told
    group by person_id, place, begins
),
over as (
    select person_id, begins, max(said_at) as over_at, arg_max(ends, {'at': said_at, 'end': ends}) as told_end
    from temp.residence_told
    where is_over and not is_void
    group by person_id, begins
),
begin_told as (
    select distinct person_id, source, begins from temp.residence_told where not is_void
),
begin_next as (
    select person_id, source, begins, lead(begins) over (partition by person_id, source order by begins) as next_begins
    from begin_told
),
followed as (
    select told.person_id, told.place, told.begins, min(begin_next.next_begins) as next_begins
    from (select distinct person_id, place, begins, source from temp.residence_told where not is_void) as told
    join begin_next on begin_next.person_id = told.person_id and begin_next.source = told.source
        and begin_next.begins = told.begins
    group by told.person_id, told.place, told.begins
),
missed as (
    select stay.person_id, stay.place, stay.begins, min(visit.visited_at) as missed_at
    from stay
    join temp.house_visit as visit on visit.house_id = stay.house_id and visit.visited_at > stay.seen_at
    group by stay.person_id, stay.place, stay.begins
),
standing as (
    -- The last day up to which the sources stand by what they said; none that needs no confirming sets no such day.
    select
        person_id, place, begins,
        case when bool_or(confirmed_for is null) then null
            else max(said_at::date + confirmed_for) end as confirmed_until
    from temp.residence_told
    where not is_over
    group by person_id, place, begins
),
ended as (
    select
        stay.*,
        case
            when stay.seen_at is null then coalesce(over.told_end, stay.void_at)
            when over.over_at >= stay.seen_at then over.told_end end as end_told,
        case when followed.next_begins >= stay.seen_at::date then followed.next_begins end as end_followed,
        missed.missed_at::date as end_missed,
        standing.confirmed_until
    from stay
    left join over using (person_id, begins)
    left join followed using (person_id, place, begins)
    left join missed using (person_id, place, begins)
    left join standing using (person_id, place, begins)
)
select
    person_id, place, house_id, begins, seen_at, said_at,
    coalesce(end_told, least(end_followed, end_missed)) as ends,
    case
        when end_told is not null then 'told'
        when end_missed is not null and (end_followed is null or end_missed < end_followed) then 'missed'
        when end_followed is not null then 'followed'
    end as ended_by,
    confirmed_until
from ended
