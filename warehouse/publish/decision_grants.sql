-- Grain: the tables of the decision store, if this database holds them.
-- From: setup, after the migrations.   To: pipeline, steward, registrar, auditor, audit_writer.
-- Rule: tables belong to decisions_owner; rows of a community are for its logins (policies of the migrations); the vault
-- is opened one known token at a time; everybody appends to the access log, one role reads it, nobody changes it.
do $$
declare
    found text;
begin
    if to_regclass('public.scope') is null then
        return;
    end if;
    for found in
        select tablename from pg_tables where schemaname = 'public' and tablename in (
            'vault_entry', 'quality_waiver', 'sign_off', 'judgement', 'correction', 'erasure', 'tombstone', 'access_log',
            'scope', 'alembic_version'
        )
    loop
        execute format('alter table public.%I owner to decisions_owner', found);
        execute format('revoke all on public.%I from public, pipeline, steward, registrar, auditor, audit_writer', found);
    end loop;
    foreach found in array array[
        'my_scope()', 'open_entry(text)', 'looks_at(text[])', 'subjects_since(text)', 'access_log_refuses()'
    ] loop
        execute format('alter function public.%s owner to decisions_owner', found);
        execute format('revoke all on function public.%s from public', found);
    end loop;
    grant usage on schema public to pipeline, steward, registrar, auditor, audit_writer, decisions_owner;
    grant select on public.alembic_version to pipeline, steward, registrar, auditor, audit_writer;
    grant execute on function public.my_scope() to pipeline, steward, registrar, auditor;

    -- The machine: fills the vault, reads what was decided, sweeps what was erased. It decides nothing.
    grant select, insert, update, delete on public.vault_entry to pipeline;
    grant select, delete on public.judgement, public.correction, public.quality_waiver to pipeline;
    grant select on public.sign_off to pipeline;
    grant select, insert on public.tombstone to pipeline;
    grant select on public.erasure, public.scope to pipeline;
    grant update (state, done_at, work, receipt) on public.erasure to pipeline;

    grant select, insert on public.judgement, public.quality_waiver to steward;
    grant select, insert on public.sign_off to steward;
    grant update (revoked_by, revoked_at) on public.quality_waiver, public.sign_off to steward;
    grant update (revoked_by, revoked_at, revoke_reason) on public.judgement to steward;
    grant select on public.tombstone to steward;
    grant select (number, erasure_id, state, community_code, readmitted_at) on public.erasure to steward;
    grant usage on sequence public.judgement_number_seq to steward, registrar;

    grant select, insert on public.judgement, public.correction, public.erasure, public.tombstone to registrar;
    grant update (revoked_by, revoked_at, revoke_reason) on public.judgement, public.correction to registrar;
    grant update (readmitted_by, readmitted_at, readmit_reason) on public.erasure to registrar;
    grant insert on public.vault_entry to registrar;
    grant usage on sequence public.correction_number_seq, public.erasure_number_seq to registrar;
    grant execute on function public.open_entry(text), public.subjects_since(text) to registrar;
    grant execute on function public.looks_at(text[]) to registrar, auditor;

    grant select on public.access_log to auditor;
    grant insert on public.access_log to pipeline, steward, registrar, auditor, audit_writer;
    -- The chain: the next row needs the last number and hash, and nothing of who looked at whom.
    grant select (seq, hash) on public.access_log to pipeline, steward, registrar, audit_writer;
end
$$;
