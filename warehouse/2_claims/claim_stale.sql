-- Grain: one row per claim whose version is no longer accepted, or became known at another time.
-- From: the accepted versions of one entity.   To: the table of one claim entity.
-- Rule: a backfill may move known_from back; the claim is then made anew.
delete from {{table}}
where source = $source and entity = $entity
    and claim_id not in (
        select known.claim_id
        from {{table}} as known
        join {{versions}} as versions
            on versions.content_hash = known.content_hash
            and versions.known_from = known.known_from
            and versions.op = known.op
        where known.source = $source and known.entity = $entity
    )
