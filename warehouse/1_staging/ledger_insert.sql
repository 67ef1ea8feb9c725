-- Grain: one row per load.
-- From: the manifest and the counted figures.   To: ledger.load.
-- Rule: written in the transaction of its rows: either both are there or neither. closed NULL: snapshot not derived yet.
insert into ledger.load
select $load_id, $source, $entity, $file, $window_begin, $window_end, $contract_version, $token_key, $source_total,
    $landed, map($dropped_rules::varchar[], $dropped_rows::bigint[]),
    map($rejected_codes::varchar[], $rejected_rows::bigint[]), $new, $known, $deletes, $untyped,
    case when $derive then null else 0 end, case when $derive then null else 0 end,
    $snapshot, $partial, false, $loaded_at, $duration
