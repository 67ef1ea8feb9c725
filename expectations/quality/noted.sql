-- Grain: one row: newest versions that a rule has something to note on, and that are accepted as they are.
-- From: temp.finding, temp.rejected, temp.emptied, temp.superseded.   To: quality.entity.
-- Rule: counted in rows, not in findings.
select count(distinct finding.content_hash)
from finding
where finding.content_hash not in (select content_hash from rejected)
    and finding.content_hash not in (select content_hash from emptied)
    and finding.content_hash not in (select content_hash from superseded)
