-- Grain: one row per open incident that this run no longer sees.
-- From: a staged table, temp.finding, temp.superseded.   To: quality.quarantine.
-- Rule: it resolves itself, and says why: the record was withdrawn, a new version is good (corrected) or fails the same
-- rule again (replaced), the same version passes now because a rule or a reference changed, or it is no longer staged.
update quality.quarantine as incident
set status = 'resolved', resolved_at = $night, resolved_run = $run_no, resolution = case
    when not found.is_staged then 'gone'
    when found.is_withdrawn then 'withdrawn'
    when not found.is_superseded then 'passes now'
    when found.fails_again then 'replaced'
    else 'corrected' end
from (
    select
        unseen.content_hash,
        unseen.rule,
        staged.content_hash is not null as is_staged,
        superseded.content_hash is not null as is_superseded,
        exists (
            select 1
            from {{staged}} as newest
            where newest.source_record_id = unseen.source_record_id and newest.op = 'delete'
                and newest.content_hash not in (select content_hash from superseded)
        ) as is_withdrawn,
        exists (
            select 1
            from finding
            join rule on rule.place = finding.place
            where finding.source_record_id = unseen.source_record_id and rule.rule = unseen.rule
                and finding.content_hash not in (select content_hash from superseded)
        ) as fails_again
    from quality.quarantine as unseen
    left join {{staged}} as staged on staged.content_hash = unseen.content_hash
    left join superseded on superseded.content_hash = unseen.content_hash
    where unseen.source = $source and unseen.entity = $entity and unseen.status <> 'resolved'
        and not exists (
            select 1
            from finding
            join rule on rule.place = finding.place
            where finding.content_hash = unseen.content_hash and rule.rule = unseen.rule
                and finding.content_hash not in (select content_hash from superseded)
        )
) as found
where incident.source = $source and incident.entity = $entity
    and incident.content_hash = found.content_hash and incident.rule = found.rule
