-- Grain: the tables of the decision store, if this database holds them.
-- From: setup, after the migrations.   To: pipeline, steward, registrar, auditor, audit_writer.
-- Rule: tables belong to decisions_owner; the access log is appended to by one role and read by another, changed by none.
do $$
declare
    found text;
begin
    if to_regclass('public.access_log') is null then
        return;
    end if;
    for found in
        select tablename from pg_tables where schemaname = 'public' and tablename in (
            'vault_entry', 'quality_waiver', 'judgement', 'correction', 'erasure', 'tombstone', 'access_log',
            'alembic_version'
        )
    loop
        execute format('alter table public.%I owner to decisions_owner', found);
        execute format('revoke all on public.%I from public', found);
    end loop;
    grant usage on schema public to pipeline, steward, registrar, auditor, audit_writer, decisions_owner;
    grant select on public.alembic_version to pipeline, steward, registrar, auditor, audit_writer;
    grant select, insert on public.vault_entry to pipeline;
    grant select on public.quality_waiver, public.judgement, public.correction, public.erasure, public.tombstone
        to pipeline;
    grant select, insert on public.judgement, public.quality_waiver to steward;
    grant update (revoked_by, revoked_at) on public.quality_waiver to steward;
    grant update (revoked_by, revoked_at, revoke_reason) on public.judgement to steward;
    grant select, insert on public.correction, public.erasure, public.tombstone to registrar;
    grant update (revoked_by, revoked_at, revoke_reason) on public.correction to registrar;
    grant update on public.erasure to registrar;
    grant select, insert, delete on public.vault_entry to registrar;
    grant select on public.access_log to auditor;
    grant insert on public.access_log to audit_writer;
    -- The chain: the next row needs the last number and hash, and nothing of who looked at whom.
    grant select (seq, hash) on public.access_log to audit_writer;
end
$$;
