-- Grain: one row if any open incident of the entity was not seen by this run.
-- From: quality.quarantine, after quarantine_see.sql.   To: whether quarantine_resolve.sql has anything to do.
-- Rule: cheap, because most nights of most entities close nothing.
select 1
from quality.quarantine
where source = $source and entity = $entity and status <> 'resolved' and last_run <> $run_no
limit 1
