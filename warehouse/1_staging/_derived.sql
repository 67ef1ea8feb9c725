-- Grain: one row per closing or return of a record of a snapshot entity.
-- From: derived_insert.sql.   To: derived_drop.sql, derived_add.sql.
-- Rule: temporary; made before the transaction, so that no DDL runs inside it.
create or replace temp table derived (
    content_hash varchar not null,
    source_record_id varchar not null,
    origin_hash varchar not null,
    op varchar not null,
    known_from timestamp not null,
    seen_at timestamp not null,
    load_id varchar not null
)
