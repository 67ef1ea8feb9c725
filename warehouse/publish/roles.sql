-- Grain: the whole server; every statement may be run again.
-- From: setup, as a superuser or the owner of the database.   To: every role of the office.
-- Rule: nobody logs in as an owner; a role gets what its work needs and no more; what is not granted is refused.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['marts_owner', 'decisions_owner'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
    foreach wanted in array array[
        'pipeline', 'steward', 'registrar', 'analyst', 'auditor', 'publisher', 'audit_writer'
    ] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I login noinherit nosuperuser nocreatedb nocreaterole nobypassrls', wanted);
        end if;
    end loop;
    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to pipeline, steward, registrar, analyst, auditor, publisher, audit_writer',
        current_database()
    );
    execute format('grant create on database %I to marts_owner', current_database());
end
$$;
revoke all on schema public from public;
grant marts_owner to publisher;
alter role analyst set default_transaction_read_only = on;
alter role analyst set statement_timeout = '60s';
alter role analyst set idle_in_transaction_session_timeout = '60s';
-- An auditor's own look goes into the log, so the session is not read-only; the grants are what holds.
alter role auditor reset default_transaction_read_only;
alter default privileges for role marts_owner revoke all on functions from public;
alter default privileges for role marts_owner grant select on tables to analyst;
