-- Grain: batch: one row per row of the load at hand; fresh: one row per version it brings for the first time.
-- From: one landed file.   To: version_insert.sql, version_seen.sql, presence_insert.sql.
-- Rule: temporary, narrow, emptied for each load; made before the transaction, so that no DDL runs inside it.
create or replace temp table batch (content_hash varchar not null, place bigint not null);
create or replace temp table fresh (content_hash varchar not null, place bigint not null, copies bigint not null);
