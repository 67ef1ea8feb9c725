-- Grain: one row per record whose older versions were purged.
-- From: ledger.origin.   To: claims.origin.
-- Rule: obs_key names the record as in every claim; the record's age outlives what it said then.
insert into claims.origin
select claim_key(source, entity, source_record_id), first_at, first_known
from ledger.origin
