"""The one expectation of ours: at most so many rows of the batch are bad, by a condition of the contract.

Its metric is an aggregate, so that Great Expectations sends all rules of a suite as one query (stock column-map
expectations add a query per rule for sample values, which we never want). Imported only by `expectations.judge`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy import func, literal_column

from expectations.verdict import allowed

METRIC = "rows.bad_count"


class BadRows(TableMetricProvider):  # type: ignore[misc]
    """How many rows are bad."""

    metric_name = METRIC
    value_keys = ("bad",)

    @metric_partial(  # type: ignore[untyped-decorator]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # Great Expectations calls it on the class
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        # count_if is a seventh faster than count(*) filter (where ...), and NULL for no rows.
        bad = func.coalesce(func.count_if(literal_column(metric_value_kwargs["bad"])), 0)
        return bad, metric_domain_kwargs, {}


class ExpectRows(BatchExpectation):  # type: ignore[misc]
    """Expect at most so many rows to be bad (`allowed`). `rule` is the contract's name for it."""

    bad: str
    rule: str
    tolerance: float = 0.0
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count", METRIC)
    success_keys: ClassVar[tuple[str, ...]] = ("bad", "rule", "tolerance")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        failing, total = metrics[METRIC], metrics["table.row_count"]
        passed = failing <= allowed(self.tolerance, total)
        return {"success": passed, "result": {"observed_value": failing, "element_count": total}}
