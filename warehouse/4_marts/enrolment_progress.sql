-- Grain: one row per month, task_type and community_code.
-- From: prepared.count_monthly, prepared.coverage.   To: yearly_report, publish.
-- Rule: Enrolment tasks by the night (one per record of batch, community and kind, newest version), by month of their
-- file, kind of task and community: finished by the night, finished by the due day, and overdue when the due day has
-- come unfinished; the counts sum what the tasks report and are empty where none does.
select
    counted.month,
    counted.service_type as task_type,
    counted.community_code,
    coalesce(coverage.coverage, 0) as coverage,
    counted.records as tasks,
    counted.finished as tasks_finished,
    counted.finished_in_time as tasks_finished_in_time,
    counted.overdue as tasks_overdue,
    counted.due as issued,
    counted.given as visited,
    counted.found,
    counted.not_found,
    counted.duplicates
from prepared.count_monthly as counted
left join prepared.coverage as coverage on coverage.subject = counted.kind and coverage.span = 'month'
    and coverage.period = cast(counted.month as varchar)
where counted.kind = 'enrolment'
