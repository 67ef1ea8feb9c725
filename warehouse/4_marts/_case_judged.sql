-- Grain: one row per case, or rating without a case. A working table, never published.
-- From: prepared.case_present, marts.ref_sla, marts.dim_calendar, reference.workday.   To: case_*, wage_recovery*.
-- Rule: the due time of the source wins where it sends a possible one; else the limit of the law on the day of receipt,
-- in calendar or working days: the day it starts on does not count, its last day does. A due time at midnight is the
-- whole day. Extended is what the source says, or a due time beyond the law's limit. Withdrawn cases are judged by none.
-- Without a time of rating the closing counts, then the receipt.
with matter as (
    select case_present.*, night.as_of_day,
        case when is_received then cast(received_at as date) end as received_on,
        case when cast(accepted_at as date) <= night.as_of_day then cast(accepted_at as date) end as accepted_on,
        case when due_at >= cast(received_at as date) then
            case when cast(due_at as time) = time '00:00:00' then due_at + interval '86399' second else due_at end
        end as stated_due,
        case when satisfaction is not null or satisfaction_intake is not null or feedback_score is not null
            then cast(coalesce(rated_at, closed_at, received_at) as date) end as rated_on
    from prepared.case_present as case_present
    cross join reference.night as night
),
limited as (
    select matter.*,
        case accepting.day_kind when 'working' then accept_day.day else received_on + accepting.days end as accept_by,
        case closing.day_kind when 'working' then close_day.day
            else coalesce(case closing.starts_from when 'accepted' then accepted_on end, received_on) + closing.days
        end as legal_due
    from matter
    left join marts.ref_sla as accepting on accepting.kind = matter.kind and accepting.step = 'accept'
        and received_on between accepting.valid_from and accepting.valid_to
    left join marts.ref_sla as closing on closing.kind = matter.kind and closing.step = 'close'
        and received_on between closing.valid_from and closing.valid_to
    left join marts.dim_calendar as accept_start on accept_start.day = received_on
    left join reference.workday as accept_day on accepting.day_kind = 'working'
        and accept_day.number = accept_start.working_days_until + accepting.days
    left join marts.dim_calendar as close_start on close_start.day
        = coalesce(case closing.starts_from when 'accepted' then accepted_on end, received_on)
    left join reference.workday as close_day on closing.day_kind = 'working'
        and close_day.number = close_start.working_days_until + closing.days
),
due as (
    select limited.*,
        coalesce(stated_due, cast(legal_due as timestamp) + interval '86399' second) as due_by,
        cast(as_of_day as timestamp) + interval '86399' second as night_end
    from limited
),
judged as (
    select due.*,
        not is_withdrawn and accept_by is not null and (accepted_on is not null or accept_by <= as_of_day)
            as is_acceptance_judged,
        not is_withdrawn and is_closed as is_done,
        not is_withdrawn and is_closed and due_by is not null and closed_at is not null as is_closing_judged,
        not is_withdrawn and not is_closed as is_open
    from due
)
select
    kind, handling_office, community_code,
    coalesce(channel, 'unknown') as channel,
    coalesce(class_code, 'unknown') as class_code,
    coalesce(outcome, 'unknown') as outcome,
    cast(date_trunc('month', received_on) as date) as month,
    year(received_on) || '-Q' || quarter(received_on) as quarter,
    is_received, is_withdrawn, is_acceptance_judged,
    coalesce(is_acceptance_judged and accepted_on <= accept_by, false) as is_accepted_in_time,
    is_done,
    coalesce(is_closing_judged and closed_at <= due_by, false) as is_closed_in_time,
    coalesce(is_closing_judged and closed_at > due_by, false) as is_closed_late,
    is_done and not is_closing_judged as is_closed_unjudged,
    is_open,
    coalesce(is_open and due_by <= night_end, false) as is_open_overdue,
    not is_withdrawn and (coalesce(is_extended = '1', false) or coalesce(cast(stated_due as date) > legal_due, false))
        as was_extended,
    is_reopened, times_sent_back > 0 as was_sent_back,
    coalesce(is_repeated = '1', false) as was_repeated,
    stated_due is not null as is_due_by_source,
    coalesce(is_success = '1', false) as has_succeeded, coalesce(is_success = '0', false) as has_failed,
    cast(date_trunc('month', rated_on) as date) as rated_month,
    year(rated_on) || '-Q' || quarter(rated_on) as rated_quarter,
    coalesce(rated_on <= as_of_day, false) as is_rated,
    satisfaction_intake as intake, satisfaction as responsible, feedback_score,
    people_count, amount, settled_count, settled_amount
from judged
