"""The error contract of every stage: a code, what happened, what is kept, the next step, in Chinese and English.

Classes are named by what happens next, not by where it broke. Texts live in `errors.yml`; `detail` carries
technical facts only (status, column name, count), never a value of a person, a credential or a query string.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

CATALOGUE = Path(__file__).with_name("errors.yml")


@dataclass(frozen=True)
class ErrorText:
    """One entry of the catalogue: what happened and the next step, in both languages."""

    zh: str
    en: str
    next_zh: str
    next_en: str
    retry: str  # auto | manual | never


@cache
def catalogue() -> dict[str, ErrorText]:
    """All error codes of the project."""
    raw = yaml.safe_load(CATALOGUE.read_text("utf8"))
    return {code: ErrorText(e["zh"], e["en"], e["next"]["zh"], e["next"]["en"], e["retry"]) for code, e in raw.items()}


class PipelineError(Exception):
    """A failure with a code of the catalogue.

    exit_status: what a command that ends with it returns (2 bad call, 3 ask again later, 4 a person must look).
    retry_after: seconds before the source may be asked again, where the source said so.
    """

    exit_status: ClassVar[int] = 4
    retry: ClassVar[str | None] = None

    def __init__(self, code: str, *, detail: str = "", retry_after: float | None = None) -> None:
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.text = catalogue()[code]
        super().__init__(f"{code}: {self.text.zh} / {self.text.en}" + (f" [{detail}]" if detail else ""))

    def as_dict(self) -> dict[str, Any]:
        """The machine-readable form that summaries, ledgers and alerts carry."""
        text = self.text
        return {
            "code": self.code,
            "zh": text.zh,
            "en": text.en,
            "detail": self.detail,
            "next_zh": text.next_zh,
            "next_en": text.next_en,
            "retry": text.retry,
            "retry_after": self.retry_after,
            "cursor": "unchanged",
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # Airflow pickles exceptions between processes; the default would lose the keyword arguments.
        return (_rebuild, (type(self), self.code, self.detail, self.retry_after))


def _rebuild(kind: type[PipelineError], code: str, detail: str, retry_after: float | None) -> PipelineError:
    return kind(code, detail=detail, retry_after=retry_after)


class CallRejected(PipelineError):
    """The call, its configuration or its keys are wrong: nothing started."""

    exit_status = 2


class SourceLater(PipelineError):
    """The source must be asked again later; nothing is lost and the cursor did not move."""

    exit_status = 3


class SourceChanged(PipelineError):
    """The source changed, or refuses us: a person must look before it is asked again."""

    exit_status = 4


class RecordRejected(PipelineError):
    """One record or file cannot be taken; its siblings are."""

    exit_status = 4
