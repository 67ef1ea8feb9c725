-- Grain: whole: one row per version of a part of a whole; past: one row per version that is past its retention.
-- From: nothing.   To: whole_insert.sql, past_insert.sql.
-- Rule: temporary; the source's own time, as 3_register reads it: what has none comes first.
create or replace temp table whole (whole_id varchar, moment timestamp, known_from timestamp);
create or replace temp table past (
    source_record_id varchar, content_hash varchar, moment timestamp, known_from timestamp, seen_at timestamp,
    ended_at timestamp, is_accepted boolean, is_wholly boolean
);
create or replace temp macro retention_at(changed_at) as coalesce(changed_at, timestamp '1990-01-01')
