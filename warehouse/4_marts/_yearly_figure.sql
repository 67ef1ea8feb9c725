-- Grain: one row per mart, kind, year and measure that the yearly report may name. A working table, never published.
-- From: marts.case_timeliness, case_satisfaction, case_outcome, case_year_end, hotline_timeliness, wage_recovery,
-- marts.enrolment_progress, service_delivery.   To: yearly_report.
-- Rule: the sum of the column over the months or quarters of the year; a stock stands for its year already.
with figure as (
    select 'case_timeliness' as mart, kind, year(month) as year, measure, cast(value as decimal(18, 2)) as value
    from marts.case_timeliness
    cross join lateral (values
        ('received', received), ('withdrawn', withdrawn), ('acceptance_judged', acceptance_judged),
        ('accepted_in_time', accepted_in_time), ('closed', closed), ('closed_in_time', closed_in_time),
        ('closed_late', closed_late), ('closed_unjudged', closed_unjudged),
        ('closed_in_time + closed_late', closed_in_time + closed_late), ('extended', extended), ('reopened', reopened),
        ('sent_back', sent_back), ('repeated', repeated)
    ) as told(measure, value)
    union all
    select 'hotline_timeliness' as mart, '' as kind, year(month) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.hotline_timeliness
    cross join lateral (values
        ('received', received), ('closed', closed), ('closed_in_time', closed_in_time), ('closed_late', closed_late),
        ('closed_in_time + closed_late', closed_in_time + closed_late)
    ) as told(measure, value)
    union all
    select 'case_satisfaction' as mart, kind, year(month) as year, measure, cast(value as decimal(18, 2)) as value
    from marts.case_satisfaction
    cross join lateral (values
        ('rated_intake', rated_intake), ('content_intake', content_intake),
        ('dissatisfied_intake', dissatisfied_intake), ('rated_responsible', rated_responsible),
        ('content_responsible', content_responsible), ('dissatisfied_responsible', dissatisfied_responsible),
        ('feedback_given', feedback_given), ('feedback_points', feedback_points)
    ) as told(measure, value)
    union all
    select 'case_outcome' as mart, kind, cast(substr(quarter, 1, 4) as bigint) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.case_outcome
    cross join lateral (values
        ('succeeded', succeeded), ('failed', failed), ('undecided', undecided),
        ('succeeded + failed', succeeded + failed)
    ) as told(measure, value)
    union all
    select 'case_year_end' as mart, kind, year, measure, cast(value as decimal(18, 2)) as value
    from marts.case_year_end
    cross join lateral (values
        ('open_at_year_end', open_at_year_end), ('overdue_at_year_end', overdue_at_year_end)
    ) as told(measure, value)
    union all
    select 'wage_recovery' as mart, '' as kind, year(month) as year, measure, cast(value as decimal(18, 2)) as value
    from marts.wage_recovery
    cross join lateral (values
        ('clues_recovered', clues_recovered), ('workers', workers), ('workers_recovered', workers_recovered),
        ('amount_owed', amount_owed), ('amount_recovered', amount_recovered)
    ) as told(measure, value)
    union all
    select 'enrolment_progress' as mart, '' as kind, year(month) as year, measure,
        cast(value as decimal(18, 2)) as value
    from marts.enrolment_progress
    cross join lateral (values ('issued', issued), ('visited', visited), ('found', found)) as told(measure, value)
    union all
    select 'service_delivery' as mart, service_kind as kind, year, measure, cast(value as decimal(18, 2)) as value
    from marts.service_delivery
    cross join lateral (values
        ('given', given), ('planned', planned), ('given_in_time', given_in_time)
    ) as told(measure, value)
)
select mart, kind, year, measure, cast(sum(value) as decimal(18, 2)) as value
from figure
group by mart, kind, year, measure
