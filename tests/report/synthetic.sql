-- Grain: the quality tables as the report expects them; the same columns as the runner's own.
-- From: nothing.   To: synthetic.py.
-- Rule: no more columns than the report reads.
create schema quality;

create table quality.run (
    run_id varchar, source varchar, night date, suite_hash varchar, started_at timestamp, ended_at timestamp,
    verdict varchar, rows_new bigint, accepted bigint, quarantined bigint, withdrawn bigint
);

create table quality.result (
    run_id varchar, source varchar, entity varchar, rule varchar, "check" varchar, "column" varchar, severity varchar,
    title_zh varchar, title_en varchar, owner_zh varchar, owner_en varchar, hint_zh varchar, hint_en varchar,
    failing bigint, total bigint, tolerance double, outcome varchar, error varchar
);

create table quality.quarantine (
    source varchar, entity varchar, source_record_id varchar, content_hash varchar, rule varchar, "column" varchar,
    masked_value varchar, owner varchar, severity varchar, first_seen date, last_seen date, times bigint,
    status varchar, resolved_at date, resolution varchar
);
