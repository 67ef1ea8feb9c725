"""A small strict reader of HTML: what a validator would refuse, it refuses; and the links, so that tests can follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}
USED = """html head title body header main footer nav section article h1 h2 h3 h4 p a span strong b i bdi ul ol li
dl dt dd div table thead tbody tfoot tr th td figure figcaption details summary"""
KNOWN = VOID | set(USED.split())
NOT_IN_P = {"p", "div", "ul", "ol", "dl", "table", "section", "article", "figure", "details", "h1", "h2", "h3", "nav"}
URLS = ("href", "src")


@dataclass
class Page:
    """What a page consists of. faults: what is not valid."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: str = ""
    faults: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self._check(tag, names)
        found = {name: value or "" for name, value in attrs}
        self.page.tags.append(tag)
        self.page.attributes.append((tag, found))
        self.page.ids += [found["id"]] if "id" in found else []
        self.page.links += [found[name] for name in URLS if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def _check(self, tag: str, names: list[str]) -> None:
        where = f"line {self.getpos()[0]}"
        if tag not in KNOWN:
            self.page.faults.append(f"{where}: <{tag}>")
        if len(names) != len(set(names)):
            self.page.faults.append(f"{where}: <{tag}> has an attribute twice")
        if tag in NOT_IN_P and "p" in self.open:
            self.page.faults.append(f"{where}: <{tag}> in <p>")
        if tag in ("tr", "td", "th") and "table" not in self.open:
            self.page.faults.append(f"{where}: <{tag}> outside a table")
        if tag == "img" and "alt" not in names:
            self.page.faults.append(f"{where}: <img> without alt")
        if bad := [n for n in names if n.startswith("on") or n == "style"]:
            self.page.faults.append(f"{where}: <{tag} {bad[0]}>")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.page.faults.append(f"line {self.getpos()[0]}: </{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.page.text += data


def read_page(html: str) -> Page:
    """The page and what is wrong with it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    page = reader.page
    page.faults += [f"<{tag}> is not closed" for tag in reader.open]
    page.faults += [f"id {i!r} twice" for i in sorted({i for i in page.ids if page.ids.count(i) > 1})]
    page.faults += [] if html.startswith("<!doctype html>") else ["no doctype"]
    return page
