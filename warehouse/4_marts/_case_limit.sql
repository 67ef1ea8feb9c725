-- Grain: one row per case, or rating without a case. A working table, never published.
-- From: prepared.case_present, marts.ref_sla, marts.dim_calendar, reference.workday.   To: _case_judged.
-- Rule: the limit of the law on the day of receipt, in calendar or working days: the day it starts on does not count, its
-- last day does. One in calendar days that ends on a day off moves to the next working day where ref_sla says so. A
-- limit is uncertain when days it was counted by lie outside the years of the State Council's notices.
with matter as (
    select case_present.case_key, case_present.kind, night.as_of_day,
        case when is_received then cast(received_at as date) end as received_on,
        case when cast(accepted_at as date) <= night.as_of_day then cast(accepted_at as date) end as accepted_on,
        case when due_at >= cast(received_at as date) then
            case when cast(due_at as time) = time '00:00:00' then due_at + interval '86399' second else due_at end
        end as stated_due
    from prepared.case_present as case_present
    cross join reference.night as night
),
started as (
    select matter.*, sla.step, sla.day_kind, sla.days, sla.moves_to_working_day,
        coalesce(case sla.starts_from when 'accepted' then accepted_on end, received_on) as starts_on
    from matter
    join marts.ref_sla as sla on sla.kind = matter.kind and sla.step in ('accept', 'close')
        and received_on between sla.valid_from and sla.valid_to
),
counted as (
    select started.*, first.is_certain as starts_certain,
        case day_kind when 'working' then worked.day else starts_on + days end as last_day
    from started
    left join marts.dim_calendar as first on first.day = starts_on
    left join reference.workday as worked on day_kind = 'working' and worked.number = first.working_days_until + days
),
moved as (
    select counted.case_key, counted.kind, counted.step,
        case when moves_to_working_day = 'yes' and not last.is_working_day then later.day else last_day end as last_day,
        case when day_kind = 'working' then not (starts_certain and last.is_certain)
            when moves_to_working_day = 'yes' then not last.is_certain else false end as is_uncertain
    from counted
    left join marts.dim_calendar as last on last.day = last_day
    left join reference.workday as later on later.number = last.working_days_until + 1
)
select matter.*,
    accepting.last_day as accept_by, coalesce(accepting.is_uncertain, false) as is_accept_uncertain,
    closing.last_day as legal_due, coalesce(closing.is_uncertain, false) as is_close_uncertain
from matter
left join moved as accepting on accepting.case_key = matter.case_key and accepting.kind = matter.kind
    and accepting.step = 'accept'
left join moved as closing on closing.case_key = matter.case_key and closing.kind = matter.kind
    and closing.step = 'close'
