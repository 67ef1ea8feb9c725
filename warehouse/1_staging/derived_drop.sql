-- Grain: one row per closing or return that no longer follows from the loads (or with other bookkeeping).
-- From: temp.derived, ledger.presence.   To: the staged table.
-- Rule: only derived rows: a version that any load delivered stands in ledger.presence and is never removed.
delete from {{table}} as staged
where not exists (
        select 1
        from ledger.presence as presence
        where presence.source = $source and presence.entity = $entity and presence.content_hash = staged.content_hash
    )
    and not exists (
        select 1
        from derived
        where derived.content_hash = staged.content_hash
            and derived.seen_at = staged.seen_at and derived.load_id = staged.load_id
    )
