-- Grain: one row per month, task_type and community_code.
-- From: prepared.count_monthly.   To: yearly_report, publish.
-- Rule: the newest figures of each task; in time is a task that was finished by its due day, overdue one that was not
-- finished when its day was over.
select
    month,
    service_type as task_type,
    community_code,
    records as tasks,
    finished as tasks_finished,
    finished_in_time as tasks_finished_in_time,
    overdue as tasks_overdue,
    due as issued,
    given as visited,
    found,
    not_found,
    duplicates
from prepared.count_monthly
where kind = 'enrolment'
