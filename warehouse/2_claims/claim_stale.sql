-- Grain: one row per claim whose version is no longer accepted, became known at another time, or lost or got back a value.
-- From: the accepted versions of one entity.   To: the table of one claim entity.
-- Rule: a backfill may move known_from back, and a waiver or another suite change what is emptied; the claim is then made
-- anew.
delete from {{table}}
where source = $source and entity = $entity
    and claim_id not in (
        select known.claim_id
        from {{table}} as known
        join {{versions}} as versions
            on versions.content_hash = known.content_hash
            and versions.known_from = known.known_from
            and versions.op = known.op
            and claim_id($source, $entity, versions.content_hash, versions.blanked) = known.claim_id
        where known.source = $source and known.entity = $entity
    )
