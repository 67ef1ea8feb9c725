-- Grain: one row per version that goes to quarantine.
-- From: temp.finding, temp.rule.   To: the labels, the ledger.
-- Rule: two reasons are one quarantined row; a noted or waived finding keeps nothing out.
insert into rejected
select distinct finding.content_hash
from finding
join rule on rule.place = finding.place
where rule.effect = 'quarantine' and finding.waiver is null
