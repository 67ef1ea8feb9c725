"""The words of the pages in one language: texts of `texts.yml`, names of the contracts, dates and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from expectations.errors import catalogue
from expectations.model import Text
from expectations.strict import read_yaml
from warehouse.report.safe import veil

LANGUAGES = ("zh", "en")
TEXTS = Path(__file__).with_name("texts.yml")
_DAYS = {"zh": "一二三四五六日", "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@cache
def texts() -> dict[str, dict[str, str]]:
    """All texts, by key and language."""
    return read_yaml(TEXTS)


@dataclass(frozen=True)
class Words:
    """What the templates call `w`. A key that does not exist is an error of the build, never a gap in a page."""

    language: str

    @property
    def tag(self) -> str:
        """The language tag of the page."""
        return {"zh": "zh-Hans", "en": "en"}[self.language]

    @property
    def other(self) -> str:
        return {"zh": "en", "en": "zh"}[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key. `n` is written with thousands separators; 1 may have a wording of its own."""
        entry = texts()[key]
        form = f"{self.language}_one" if values.get("n") == 1 and f"{self.language}_one" in entry else self.language
        # Values are put in once and never read again as a pattern: a name with braces stays a name with braces.
        return entry[form].format(**{k: self.count(v) if isinstance(v, int) else v for k, v in values.items()})

    def name(self, text: Text) -> str:
        """A text of a contract or a rule; the other language where this one is missing."""
        both = (text.zh, text.en) if self.language == "zh" else (text.en, text.zh)
        return veil(both[0].strip() or both[1].strip())

    def known(self, family: str, value: str) -> str:
        """The name of a code of ours (`verdict`, `severity`, `outcome`, `status`); an unknown one as it stands."""
        key = f"{family}_{value}"
        return self(key) if key in texts() else veil(value)

    def share(self, share: float) -> str:
        """A share as a percentage without idle zeros: 0.01 is `1%`."""
        return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"

    def error(self, code: str) -> tuple[str, str]:
        """What an error of the catalogue says, and the next step; the code itself when it is none of ours."""
        found = catalogue().get(code)
        if found is None:
            return veil(code), ""
        return (found.zh, found.next_zh) if self.language == "zh" else (found.en, found.next_en)

    def count(self, number: int) -> str:
        return f"{number:,}"

    def day(self, day: date) -> str:
        """`2022年11月22日（星期二）`, `Tuesday 22 November 2022`."""
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日（星期{_DAYS['zh'][day.weekday()]}）"
        return f"{_DAYS['en'][day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"

    def month(self, day: date) -> str:
        return f"{day.year}年{day.month}月" if self.language == "zh" else f"{_MONTHS[day.month - 1]} {day.year}"

    def short(self, day: date, beside: date) -> str:
        """`11-22`, with its year when that is not the year of the report."""
        return f"{day:%m-%d}" if day.year == beside.year else f"{day:%Y-%m-%d}"

    def moment(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d %H:%M}"
