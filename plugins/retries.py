"""When a source is asked again: decided by the error's class, and never before the source's own Retry-After."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import RetryAction, RetryDecision, RetryPolicy

from expectations.errors import PipelineError, SourceLater

if TYPE_CHECKING:
    from airflow.sdk import Context


class AskAgainLater(RetryPolicy):
    """SourceLater is retried, with the source's Retry-After; any other error of ours fails at once.

    What is not one of our errors (a lost worker, the API server not up yet) keeps the task's own retries.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        if isinstance(exception, SourceLater):
            wait = None if exception.retry_after is None else timedelta(seconds=exception.retry_after)
            return RetryDecision(RetryAction.RETRY, retry_delay=wait, reason=exception.code)
        if isinstance(exception, PipelineError):
            return RetryDecision(RetryAction.FAIL, reason=exception.code)
        return RetryDecision(RetryAction.DEFAULT)

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> AskAgainLater:
        return cls()


# Every link of the night comes back by itself: a lock, a reader, a worker that was killed cost a retry, not the night.
LINK: Final[dict[str, Any]] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2,
    "retry_policy": AskAgainLater(),
}
