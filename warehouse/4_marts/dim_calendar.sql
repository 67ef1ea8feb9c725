-- Grain: one row per day.
-- From: reference.calendar.   To: analysts, ref_sla, _case_judged, device_online, yearly_report.
-- Rule: One row per day from 2017-01-01 to 400 days past the night or the end of the last year with a notice, whichever
-- is later: working days as the State Council's holiday notice of the year says (is_certain true), Monday to Friday in
-- years without a notice.
select
    day,
    cast(date_trunc('month', day) as date) as month,
    year(day) || '-Q' || quarter(day) as quarter,
    cast(year(day) as integer) as year,
    is_working_day,
    is_certain,
    working_days_until
from reference.calendar
