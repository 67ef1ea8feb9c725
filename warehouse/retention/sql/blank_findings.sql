-- Grain: one row per finding of the quality history that speaks of a purged version, or was resolved before the period.
-- From: temp.past.   To: quality.quarantine.
-- Rule: the finding stays as a count of its night, without the record and the masked value it was about.
update quality.quarantine
set source_record_id = '', content_hash = '', masked_value = null
where source = $source and entity = $entity and source_record_id <> ''
    and (content_hash in (select content_hash from past) or (status = 'resolved' and resolved_at < $kept_from))
