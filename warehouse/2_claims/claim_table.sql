-- Grain: one row per accepted version of a source record, deletions included.
-- From: claims.yml.   To: the table of one claim entity.
-- Rule: obs_key names the record (source, entity, key) everywhere downstream; whole_id the record it is a part of.
create table if not exists {{table}} (
    claim_id varchar not null,
    obs_key varchar not null,
    source varchar not null,
    entity varchar not null,
    source_record_id varchar not null,
    content_hash varchar not null,
    whole_id varchar,
    trust integer not null,
    changed_at timestamp,
    known_from timestamp not null,
    op varchar not null,
    ended boolean not null,
    {{declarations}}
)
