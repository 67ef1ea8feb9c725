-- Grain: one row per row of a history that held on one day.
-- From: a link or history of states.   To: whoever asks for a past.
-- Rule: a span begins with its first day and ends before its last.
create or replace view {{view}} as
select *
from {{table}}
where valid_from::date <= {{day}} and ({{ends}})
