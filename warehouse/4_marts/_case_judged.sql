-- Grain: one row per case, or rating without a case. A working table, never published.
-- From: prepared.case_present, prepared.case_limit.   To: case_*, hotline_timeliness, wage_recovery*.
-- Rule: the due time of the source wins where it sends a possible one (a due time at midnight is the whole day), else the
-- end of the law's last day. Extended is what the source says, or a due time beyond the law's limit. Withdrawn cases are
-- judged by none. Without a time of rating the closing counts, then the receipt.
with due as (
    select
        present.*, limits.* exclude (case_key, kind),
        case when present.satisfaction is not null or present.satisfaction_intake is not null
            or present.feedback_score is not null
            then cast(coalesce(present.rated_at, present.closed_at, present.received_at) as date) end as rated_on,
        coalesce(limits.stated_due, cast(limits.legal_due as timestamp) + interval '86399' second) as due_by,
        cast(limits.as_of_day as timestamp) + interval '86399' second as night_end
    from prepared.case_present as present
    join prepared.case_limit as limits on limits.case_key = present.case_key and limits.kind = present.kind
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
    received_on, due_by,
    -- Closed at a time nobody told is closed all the same: by the day of receipt.
    case when is_closed then coalesce(cast(closed_at as date), received_on) end as closed_on,
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
    not is_withdrawn and is_reopened as was_reopened,
    not is_withdrawn and times_sent_back > 0 as was_sent_back,
    not is_withdrawn and coalesce(is_repeated = '1', false) as was_repeated,
    not is_withdrawn and stated_due is not null as is_due_by_source,
    not is_withdrawn and (
        is_acceptance_judged and is_accept_uncertain or stated_due is null and due_by is not null and is_close_uncertain
    ) as is_limit_uncertain,
    coalesce(is_success = '1', false) as has_succeeded, coalesce(is_success = '0', false) as has_failed,
    cast(date_trunc('month', rated_on) as date) as rated_month,
    year(rated_on) || '-Q' || quarter(rated_on) as rated_quarter,
    coalesce(rated_on <= as_of_day, false) as is_rated,
    satisfaction_intake as intake, satisfaction as responsible, feedback_score,
    people_count, amount, settled_count, settled_amount
from judged
