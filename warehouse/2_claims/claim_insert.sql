-- Grain: one row per accepted version that is not yet claimed.
-- From: the accepted versions of one entity.   To: the table of one claim entity.
-- Rule: the contract's columns under the names of claims.yml, each in the one form of its type.
insert into {{table}}
select
    claim_id($source, $entity, versions.content_hash, versions.blanked),
    claim_key($source, $entity, versions.source_record_id),
    $source,
    $entity,
    versions.source_record_id,
    versions.content_hash,
    {{whole}},
    $trust,
    versions.changed_at,
    versions.known_from,
    versions.op,
    {{ended}},
    {{attributes}}
from {{versions}} as versions
where versions.content_hash not in (
    select known.content_hash from {{table}} as known where known.source = $source and known.entity = $entity
)
