-- Grain: one row per version of which a rule empties something.
-- From: temp.finding, temp.rule.   To: the labels, the figures.
-- Rule: each column once, in the order of its name; a waived finding empties nothing.
insert into emptied
select content_hash, list_sort(list_distinct(flatten(list(finding.emptied))))
from finding
join rule on rule.place = finding.place
where rule.effect = 'blank' and finding.waiver is null and len(finding.emptied) > 0
group by content_hash
