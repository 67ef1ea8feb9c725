-- Grain: one row per incident that is seen again on the newest version of its record.
-- From: temp.finding, temp.superseded.   To: quality.quarantine.
-- Rule: also one that had been resolved: the same content came back. What a rule does may have changed since.
update quality.quarantine as incident
set seen_before = incident.last_seen,
    last_seen = $night,
    times = incident.times + 1,
    last_run = $run_no,
    waiver = seen.waiver,
    severity = seen.severity, effect = seen.effect,
    status = case when seen.waiver is null then 'open' else 'waived' end,
    resolved_at = null, resolution = null, resolved_run = null
from (
    select finding.content_hash, rule.rule, rule.severity, rule.effect, finding.waiver
    from finding
    join rule on rule.place = finding.place
    where finding.content_hash not in (select content_hash from superseded)
) as seen
where incident.source = $source and incident.entity = $entity
    and incident.content_hash = seen.content_hash and incident.rule = seen.rule
