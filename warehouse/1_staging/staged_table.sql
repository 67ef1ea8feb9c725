-- Grain: one row per version: a distinct content of a source record, or a closing or return of it in a snapshot.
-- From: a contract entity.   To: version_insert.sql, 2_claims.
-- Rule: no primary key, because an index would cost the bulk load more than the hash join that keeps versions unique.
create table if not exists {{table}} (
    load_id varchar not null,
    source varchar not null,
    source_record_id varchar not null,
    seen_at timestamp not null,
    content_hash varchar not null,
    changed_at timestamp,
    known_from timestamp not null,
    op varchar not null,
    {{declarations}},
    untyped map(varchar, varchar)
)
