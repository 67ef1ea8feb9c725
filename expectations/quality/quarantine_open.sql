-- Grain: one row per finding that has no incident yet.
-- From: temp.finding, temp.rule.   To: quality.quarantine.
-- Rule: a record that fails the same rule in a new version has failed since its first one did.
insert into quality.quarantine
select
    $source, $entity, finding.source_record_id, finding.content_hash, rule.rule, rule."column", finding.shown,
    rule.owner_zh, rule.owner_en, rule.severity, rule.effect,
    coalesce(before.first_seen, $night), $night, coalesce(before.times, 0) + 1,
    case when superseded.content_hash is not null then 'resolved' when finding.waiver is null then 'open' else 'waived' end,
    case when superseded.content_hash is not null then $night end,
    case when superseded.content_hash is not null then 'superseded' end,
    finding.waiver, null, $run_no, $run_no,
    case when superseded.content_hash is not null then $run_no end
from finding
join rule on rule.place = finding.place
left join superseded on superseded.content_hash = finding.content_hash
left join (
    select source_record_id, rule, min(first_seen) as first_seen, max(times) as times
    from quality.quarantine
    where source = $source and entity = $entity and status <> 'resolved'
    group by source_record_id, rule
) as before on before.source_record_id = finding.source_record_id and before.rule = rule.rule
    and superseded.content_hash is null
where (finding.content_hash, rule.rule) not in (
    select content_hash, rule from quality.quarantine where source = $source and entity = $entity
)
