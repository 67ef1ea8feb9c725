-- Grain: one row per older incident that an earlier attempt of this run saw.
-- From: quality.quarantine.   To: quality.quarantine.
-- Rule: the sighting is taken back, so that a night counts once however often it is run.
update quality.quarantine
set times = times - 1, last_seen = seen_before, seen_before = null, last_run = opened_run
where source = $source and last_run = $run_no and seen_before is not null
