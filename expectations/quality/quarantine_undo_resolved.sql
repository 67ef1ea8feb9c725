-- Grain: one row per incident that an earlier attempt of this run resolved.
-- From: quality.quarantine.   To: quality.quarantine.
-- Rule: it is open again, for this attempt to judge anew.
update quality.quarantine
set status = case when waiver is null then 'open' else 'waived' end,
    resolved_at = null, resolution = null, resolved_run = null
where source = $source and resolved_run = $run_no
