-- Grain: the tables of the quality history; made once per warehouse file, outside any transaction of a run.
-- From: nothing.   To: schemas quality, acceptance, accepted.
-- Rule: rows of a run are found by run_id (`<source>:<night>`); masked values only.
create schema if not exists quality;
create schema if not exists acceptance;
create schema if not exists accepted;

create table if not exists quality.run (
    run_id varchar primary key,
    run_no integer not null,
    source varchar not null,
    night date not null,
    judged_as_of date not null,
    contract_version varchar not null,
    suite_hash varchar not null,
    failed_suite_hash varchar,
    attempts integer not null,
    started_at timestamp not null,
    ended_at timestamp,
    seconds double,
    verdict varchar not null,
    code varchar,
    detail varchar,
    rows_new bigint not null default 0,
    accepted bigint not null default 0,
    quarantined bigint not null default 0,
    withdrawn bigint not null default 0,
    rows_current bigint not null default 0,
    quarantined_current bigint not null default 0,
    noted_current bigint not null default 0
);

alter table quality.run add column if not exists emptied bigint default 0;
alter table quality.run add column if not exists emptied_current bigint default 0;

create table if not exists quality.entity (
    run_id varchar not null,
    source varchar not null,
    night date not null,
    entity varchar not null,
    title_zh varchar not null,
    title_en varchar not null,
    staged bigint not null,
    known bigint not null,
    rows_new bigint not null,
    accepted bigint not null,
    quarantined bigint not null,
    withdrawn bigint not null,
    rows_current bigint not null,
    quarantined_current bigint not null,
    noted_current bigint not null,
    newest_change timestamp
);

alter table quality.entity add column if not exists emptied bigint default 0;
alter table quality.entity add column if not exists emptied_current bigint default 0;

create table if not exists quality.result (
    run_id varchar not null,
    source varchar not null,
    night date not null,
    entity varchar not null,
    rule varchar not null,
    "check" varchar not null,
    "column" varchar,
    severity varchar not null,
    effect varchar not null,
    title_zh varchar not null,
    title_en varchar not null,
    owner_zh varchar not null,
    owner_en varchar not null,
    hint_zh varchar not null,
    hint_en varchar not null,
    failing bigint,
    waived bigint,
    total bigint,
    failing_new bigint,
    total_new bigint,
    tolerance double not null,
    outcome varchar not null,
    error varchar
);

create table if not exists quality.quarantine (
    source varchar not null,
    entity varchar not null,
    source_record_id varchar not null using compression uncompressed,
    content_hash varchar not null using compression uncompressed,
    rule varchar not null,
    "column" varchar,
    masked_value varchar,
    owner_zh varchar not null,
    owner_en varchar not null,
    severity varchar not null,
    effect varchar not null,
    first_seen date not null,
    last_seen date not null,
    times integer not null,
    status varchar not null,
    resolved_at date,
    resolution varchar,
    waiver varchar,
    seen_before date,
    opened_run integer not null,
    last_run integer not null,
    resolved_run integer
);

create table if not exists quality.volume (
    run_id varchar not null,
    source varchar not null,
    night date not null,
    entity varchar not null,
    load_id varchar not null,
    rows bigint not null,
    days double not null
);

create table if not exists quality.difference (
    run_id varchar not null,
    night date not null,
    rule varchar not null,
    place varchar not null,
    left_records bigint not null,
    right_records bigint not null,
    differs boolean not null
);
