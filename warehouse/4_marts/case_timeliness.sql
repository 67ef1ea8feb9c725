-- Grain: one row per month of receipt, kind, handling_office, community_code and channel.
-- From: prepared.case_present, marts.ref_sla, marts.dim_calendar, reference.workday.   To: yearly_report, publish.
-- Rule: the due time of the source wins where it sends a possible one; else the limit of the law on the day of receipt,
-- in calendar or working days: the day it starts on does not count, its last day does. A due time at midnight is the
-- whole day. Extended is what the source says, or a due time beyond the law's limit. Withdrawn cases are judged by none.
with received as (
    select case_present.*, night.as_of_day,
        cast(received_at as date) as received_on,
        case when cast(accepted_at as date) <= night.as_of_day then cast(accepted_at as date) end as accepted_on,
        case when due_at >= cast(received_at as date) then
            case when cast(due_at as time) = time '00:00:00' then due_at + interval '86399' second else due_at end
        end as stated_due
    from prepared.case_present as case_present
    cross join reference.night as night
    where is_received
),
limited as (
    select received.*,
        case accepting.day_kind when 'working' then accept_day.day else received_on + accepting.days end as accept_by,
        case closing.day_kind when 'working' then close_day.day
            else coalesce(case closing.starts_from when 'accepted' then accepted_on end, received_on) + closing.days
        end as legal_due
    from received
    left join marts.ref_sla as accepting on accepting.kind = received.kind and accepting.step = 'accept'
        and received_on between accepting.valid_from and accepting.valid_to
    left join marts.ref_sla as closing on closing.kind = received.kind and closing.step = 'close'
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
        coalesce(is_extended = '1', false) or coalesce(cast(stated_due as date) > legal_due, false) as was_extended,
        cast(as_of_day as timestamp) + interval '86399' second as night_end
    from limited
),
judged as (
    select due.*,
        not is_withdrawn and accept_by is not null and (accepted_on is not null or accept_by <= as_of_day)
            as is_acceptance_judged,
        not is_withdrawn and is_closed and due_by is not null and closed_at is not null as is_closing_judged
    from due
)
select
    cast(date_trunc('month', received_on) as date) as month, kind, handling_office, community_code,
    coalesce(channel, 'unknown') as channel,
    count(*) as received,
    count(*) filter (where is_withdrawn) as withdrawn,
    count(*) filter (where is_acceptance_judged) as acceptance_judged,
    count(*) filter (where is_acceptance_judged and accepted_on <= accept_by) as accepted_in_time,
    count(*) filter (where not is_withdrawn and is_closed) as closed,
    count(*) filter (where is_closing_judged and closed_at <= due_by) as closed_in_time,
    count(*) filter (where is_closing_judged and closed_at > due_by) as closed_late,
    count(*) filter (where not is_withdrawn and is_closed and not is_closing_judged) as closed_unjudged,
    count(*) filter (where not is_withdrawn and not is_closed) as open,
    count(*) filter (where not is_withdrawn and not is_closed and due_by <= night_end) as open_overdue,
    count(*) filter (where not is_withdrawn and was_extended) as extended,
    count(*) filter (where is_reopened) as reopened,
    count(*) filter (where times_sent_back > 0) as sent_back,
    count(*) filter (where is_repeated = '1') as repeated,
    count(*) filter (where stated_due is not null) as due_by_source
from judged
group by cast(date_trunc('month', received_on) as date), kind, handling_office, community_code,
    coalesce(channel, 'unknown')
