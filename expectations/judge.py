"""Great Expectations judges: it counts the rows that fail each rule and grades the rule by its tolerance.

Imported inside the task only: the import costs 7 to 10 CPU seconds and 300 MB. The context is ephemeral, nothing is
written, analytics are off, and results are counts, never rows. All rules of an entity go to DuckDB as one query.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from expectations.suite import Rule

if TYPE_CHECKING:
    import great_expectations as gx

QUIET = "great_expectations"


@dataclass(frozen=True)
class Judgement:
    """One rule over one batch. held: a critical rule beyond its tolerance."""

    failing: int
    total: int
    passed: bool


class EngineFailed(Exception):
    """Great Expectations could not judge a rule; what it said may hold values and is not repeated."""


class EngineFull(EngineFailed):
    """It could not, because the engine reached its memory limit."""


class Judge:
    """One ephemeral context over one lent connection."""

    def __init__(self, url: str) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        # Its error log repeats SQL errors, which may quote a value.
        logging.getLogger(QUIET).setLevel(logging.CRITICAL)
        import great_expectations as gx
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        # By default even an ephemeral context leaves a folder for its docs behind.
        stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
        config = DataContextConfig(store_backend_defaults=stores)
        self._context = gx.get_context(mode="ephemeral", project_config=config)
        self._context.variables.progress_bars = {"globally": False}
        self._source = self._context.data_sources.add_sql("warehouse", connection_string=url)

    def judge(self, relation: str, rules: Sequence[Rule]) -> dict[str, Judgement]:
        """Judge every rule over a relation of the lent connection. Raises EngineFailed."""
        import great_expectations as gx

        from expectations.checks.expect_rows import ExpectRows

        suite = gx.ExpectationSuite(
            name=relation,
            expectations=[
                ExpectRows(
                    bad=str(rule.bad),
                    rule=rule.check.rule,
                    tolerance=rule.check.tolerance,
                    severity=rule.check.severity,
                )
                for rule in rules
            ],
        )
        result = self._batch(relation).validate(
            suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
        )
        return dict(_read(found) for found in result.results)

    def _batch(self, relation: str) -> gx.core.batch.Batch:
        names = {asset.name for asset in self._source.assets}
        if relation in names:
            self._source.delete_asset(relation)
        asset = self._source.add_table_asset(relation, table_name=relation)
        return asset.add_batch_definition_whole_table("all").get_batch()


def _read(result: Any) -> tuple[str, Judgement]:
    """One result as (rule, judgement). Raises EngineFailed for a rule that ended in an exception."""
    rule = result.expectation_config.kwargs["rule"]
    if result.exception_info.get("raised_exception", True) or "observed_value" not in result.result:
        full = duckdb.OutOfMemoryException.__name__ in str(result.exception_info)
        raise EngineFull(rule) if full else EngineFailed(rule)
    counted = result.result
    return rule, Judgement(int(counted["observed_value"]), int(counted["element_count"]), bool(result.success))
