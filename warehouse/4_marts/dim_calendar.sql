-- Grain: one row per day.
-- From: reference.calendar.   To: analysts, ref_sla, _case_judged, device_online, yearly_report.
-- Rule: working days by the State Council's notices; outside their years is_certain is false and the weekday decides.
select
    day,
    cast(date_trunc('month', day) as date) as month,
    year(day) || '-Q' || quarter(day) as quarter,
    cast(year(day) as integer) as year,
    is_working_day,
    is_certain,
    working_days_until
from reference.calendar
