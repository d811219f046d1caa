"""What a sentence or a block of code mentions: links, files, numbers with their unit, tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from nightpress.checks.units import Unit, spans
from nightpress.lazy import pattern

TARGET = pattern(r"\]\(\s*(<[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)")
HTML_TARGET = pattern(r"\b(?:href|src|srcset)\s*=\s*[\"']?([^\s\"'<>]+)", re.I)
ADDRESS = pattern(r"\bhttps?://[^\s<>()\[\]\"'`|]*[^\s<>()\[\]\"'`|.,;:!?*_]")
TAG = pattern(r"</?[A-Za-z][^<>\n]{0,200}>")
TOKEN = pattern(r"[\w.~$@{}<>*/\\+-]+")
ENDING = pattern(
    r"\.(?:md|mdx|txt|rst|py|pyi|ipynb|js|mjs|cjs|jsx|ts|tsx|json[cl5]?|ya?ml|toml|ini|cfg|conf|env"
    r"|sh|bash|zsh|ps1|bat|rb|go|rs|java|kt|swift|php|c|h|cc|cpp|hpp|cs|sql|html?|css|scss|vue|svg"
    r"|png|jpe?g|gif|webp|pdf|docx?|xlsx?|pptx?|csv|tsv|xml|lock|log|db|sqlite3?|zip|tar|gz|tf|hcl"
    r"|proto|graphql|ejs|j2|tmpl|template|example|local)$",
    re.I,
)
NAMED = frozenset("Dockerfile Makefile Justfile Rakefile Gemfile Procfile LICENSE README".split())
NUMBER = pattern(
    r"(?<![\w.])([<>~≈≤≥±]?=?\s?[$€£v]?\d+(?:[.,:]\d+)*\+?)"
    r"(?:(%|°[CF]?)|[ \u00a0-]?([A-Za-zµ]+)(?:/[A-Za-z]+)?)?"
)
NO_UNIT = frozenset(
    "a an and or of to in on at is are was be for from the with by as if it that this than then"
    " when but not so via per into out up do does can will may should must has have only".split()
)


def mentions(said: Unit) -> Iterator[Unit]:
    """The links, tags, files and numbers of a sentence, or of a block of code."""
    text, line = said.text, said.line
    if said.kind == "definition":
        yield Unit("link", said.key.partition("\n")[2], line, said.text)
        return
    rest: list[str] = []
    at = 0
    code = said.kind == "code"
    for start, end in [] if code else spans(text):
        rest.append(text[at:start])
        at = end
        yield from _words(text[start:end].strip("`"), line, code=True)
    prose = " \ufdd0 ".join([*rest, text[at:]])
    for found in TARGET.finditer(prose):
        shown = prose[max(prose.rfind("[", 0, found.start()), 0) : found.end()].strip()
        yield Unit("link", unquote(found[1].strip("<>")), line, f"{shown[-199:]})")
    prose = TARGET.sub("]", prose)
    for found in TAG.finditer(prose) if "<" in prose and not code else ():
        for target in HTML_TARGET.findall(found[0]):
            yield Unit("link", unquote(target), line, target)
        if not found[0].startswith("<http"):
            yield Unit("tag", found[0], line, found[0])
    prose = TAG.sub(" ", prose) if not code and "<http" not in prose else prose
    yield from _words(prose, line, code=code)


def _words(text: str, line: int, *, code: bool) -> Iterator[Unit]:
    for found in ADDRESS.finditer(text) if "://" in text else ():
        yield Unit("link", unquote(found[0]), line, found[0])
    text = ADDRESS.sub(" ", text) if "://" in text else text
    for found in TOKEN.finditer(text):
        word = found[0].strip("*<>").rstrip(".")
        if _is_file(word, code=code):
            yield Unit("file", word, line, word)
    for found in NUMBER.finditer(text):
        unit = found[2] or found[3] or ""
        unit = "" if unit.lower() in NO_UNIT else unit
        key = "".join(found[1].split()) + unit
        yield Unit("number", key, line, found[0].strip() if unit else found[1].strip())


def _is_file(word: str, *, code: bool) -> bool:
    if ENDING.search(word):
        return word[0] != "." or len(word) > 4
    if word in NAMED:
        return True
    inside = word.strip("/").count("/")
    rooted = word.startswith(("./", "../", "~/", "${")) and "/" in word
    return rooted or inside > 1 or (code and inside > 0) or (word.endswith("/") and len(word) > 2)
