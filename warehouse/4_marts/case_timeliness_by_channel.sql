-- Grain: one row per quarter of receipt, kind and channel.
-- From: prepared.case_judged.   To: publish.
-- Rule: each case is counted in the quarter of its receipt; how it is judged stands in _case_judged.
select
    quarter, kind, channel,
    count(*) as received,
    count(*) filter (where is_withdrawn) as withdrawn,
    count(*) filter (where is_acceptance_judged) as acceptance_judged,
    count(*) filter (where is_accepted_in_time) as accepted_in_time,
    count(*) filter (where is_done) as closed,
    count(*) filter (where is_closed_in_time) as closed_in_time,
    count(*) filter (where is_closed_late) as closed_late,
    count(*) filter (where is_closed_unjudged) as closed_unjudged,
    count(*) filter (where is_open) as open,
    count(*) filter (where is_open_overdue) as open_overdue,
    count(*) filter (where was_extended) as extended,
    count(*) filter (where is_reopened) as reopened,
    count(*) filter (where was_sent_back) as sent_back,
    count(*) filter (where was_repeated) as repeated,
    count(*) filter (where is_due_by_source) as due_by_source
from prepared.case_judged
where is_received
group by quarter, kind, channel
