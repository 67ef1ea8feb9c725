-- Grain: one row per incident that an earlier attempt of this run opened.
-- From: quality.quarantine.   To: quality.quarantine.
-- Rule: a run that is repeated replaces what it wrote itself and nothing else.
delete from quality.quarantine where source = $source and opened_run = $run_no and last_run = $run_no
