-- Grain: one row per version that a released run has judged.
-- From: a staged table.   To: the view of the same name in schema accepted.
-- Rule: blanked names the columns that a rule emptied, null for none. The rest is uncompressed, because finding the best compression for a hash costs five times the write itself.
create table if not exists {{acceptance}} (
    source_record_id varchar not null using compression uncompressed,
    content_hash varchar not null using compression uncompressed,
    label varchar not null using compression uncompressed,
    is_current boolean not null using compression uncompressed,
    judged_run integer not null using compression uncompressed,
    accepted_run integer not null using compression uncompressed,
    blanked varchar[]
)
