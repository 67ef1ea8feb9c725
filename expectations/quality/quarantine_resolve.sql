-- Grain: one row per open incident that this run no longer sees.
-- From: a staged table, temp.finding, temp.superseded.   To: quality.quarantine.
-- Rule: it resolves itself, and says why: the record was withdrawn, a new version is good (corrected) or fails the same
-- rule again (replaced), the same version passes now because a rule or a reference changed, or it is no longer staged.
update quality.quarantine as incident
set status = 'resolved', resolved_at = $night, resolved_run = $run_no, resolution = found.resolution
from (
    with unseen as (
        select source_record_id, content_hash, rule
        from quality.quarantine
        where source = $source and entity = $entity and status <> 'resolved' and last_run <> $run_no
    ),
    withdrawn as (
        select distinct source_record_id
        from {{staged}}
        where op = 'delete' and content_hash not in (select content_hash from superseded)
    ),
    failing as (
        select distinct finding.source_record_id, rule.rule
        from finding
        join rule on rule.place = finding.place
        where finding.content_hash not in (select content_hash from superseded)
    )
    select unseen.content_hash, unseen.rule, case
        when staged.content_hash is null then 'gone'
        when withdrawn.source_record_id is not null then 'withdrawn'
        when superseded.content_hash is null then 'passes now'
        when failing.rule is not null then 'replaced'
        else 'corrected' end as resolution
    from unseen
    left join {{staged}} as staged on staged.content_hash = unseen.content_hash
    left join superseded on superseded.content_hash = unseen.content_hash
    left join withdrawn on withdrawn.source_record_id = unseen.source_record_id
    left join failing on failing.source_record_id = unseen.source_record_id and failing.rule = unseen.rule
) as found
where incident.source = $source and incident.entity = $entity
    and incident.content_hash = found.content_hash and incident.rule = found.rule
