"""What a prompt holds: the plugin's files, its analysis, the window; found, not agreed upon.

The server knows nothing of who calls it: it looks for the forms in which prompts commonly carry
files (tags, markers, headings over fences), and otherwise takes the whole prompt as one text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

NAME = r"[\w.@+-][\w.@+ -]*(?:/[\w.@+ -]+)*"
TAGGED = re.compile(
    rf"^<(?P<tag>[\w-]+)\b[^>\n]*?\b(?:path|file|name|src)=[\"'](?P<path>{NAME})[\"'][^>\n]*>\s*\n"
    r"(?P<text>.*?)\n?^</(?P=tag)>",
    re.MULTILINE | re.DOTALL,
)
MARKED = re.compile(
    r"^(?:-{3,}|={3,}|#{2,4}|>{3,}|\[)\s*(?:BEGIN\s+)?(?:FILE|Path|Source)?[: ]*\s*`?"
    r"(?P<path>(?:\./)?[\w.@+-]+(?:/[\w.@+-]+)*\.\w{1,5})`?.*$",
    re.MULTILINE | re.IGNORECASE,
)
INFO = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n`]*?(?P<path>(?:[\w.@+-]+/)*[\w.@+-]+\.\w{1,5})\b[^\n]*\n"
    r"(?P<text>.*?)\n(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
END = re.compile(r"^(?:[-=<]{3,}|\[)\s*(?:/|END\b).*$", re.MULTILINE | re.IGNORECASE)
FENCE = re.compile(r"^(`{3,}|~{3,})[^\n`]*\n(.*?)\n\1[ \t]*$", re.MULTILINE | re.DOTALL)
FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n", re.DOTALL)
WINDOW = re.compile(
    r"(\d{1,3}(?:[,_ ]\d{3})+|\d{3,6})\s*(?:bytes)?\s*(?:-|\u2013|to|and|\.\.)\s*"
    r"(\d{1,3}(?:[,_ ]\d{3})+|\d{4,6})\s*(?:bytes|characters|B\b)"
)
OWN_PAGE = re.compile(r"(?:commands|agents)/")
REFERENCE = re.compile(r"^\s*- `(?:[^`\n]*/)?(references/[^`\n]+\.md)`$", re.MULTILINE)
NAMED = re.compile(
    r"\bplugin(?:'s)?(?:\s+name)?[\"']?\s*(?:is|:|=|named|called)?\s*[\"'`]([\w.-]+)[\"'`]", re.I
)


@dataclass(frozen=True, slots=True)
class Code:
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a file with what stands under it."""

    heading: str
    prose: tuple[str, ...]
    bullets: tuple[str, ...]
    code: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class File:
    path: str
    meta: dict[str, str]
    sections: tuple[Section, ...]
    text: str

    @property
    def stem(self) -> str:
        return self.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]

    @property
    def description(self) -> str:
        if self.meta.get("description"):
            return self.meta["description"]
        return next((p for s in self.sections for p in s.prose), "")


@dataclass(frozen=True, slots=True)
class Source:
    plugin: str
    files: tuple[File, ...]
    analysis: dict[str, Any]
    low: int
    high: int
    references: tuple[str, ...] = ()

    def under(self, folder: str) -> tuple[File, ...]:
        inside = re.compile(rf"(?:^|/){folder}/[^/]+\.md$")
        return tuple(f for f in self.files if inside.search(f.path))

    @property
    def of_one(self) -> bool:
        """Is it about a single command or agent?"""
        return len(self.markdown) == 1 and OWN_PAGE.match(self.markdown[0].path) is not None

    @property
    def markdown(self) -> tuple[File, ...]:
        return tuple(f for f in self.files if f.path.endswith((".md", ".txt")))


def read(prompt: str) -> Source:
    files = tuple(_file(path, text) for path, text in _files(prompt))
    low, high = _window(prompt)
    plugin, references = _plugin(prompt, files), tuple(REFERENCE.findall(prompt))
    if references:  # they tell what each command and agent has
        files = tuple(replace(f, sections=()) if OWN_PAGE.match(f.path) else f for f in files)
    return Source(plugin, files, _analysis(prompt), low, high, references)


def _files(prompt: str) -> Iterator[tuple[str, str]]:
    found = [(m["path"], m["text"]) for m in TAGGED.finditer(prompt) if "." in m["path"]]
    if not found:
        found = [(m["path"], m["text"]) for m in INFO.finditer(prompt)]
    if not found:
        marks = list(MARKED.finditer(prompt))
        for mark, after in zip_longest(marks, marks[1:]):
            text = prompt[mark.end() : after.start() if after else len(prompt)]
            end = END.search(text)
            found.append((mark["path"], text[: end.start()] if end else text))
    if not found:
        found = [("prompt.md", prompt)]
    yield from ((path, _unfence(text)) for path, text in found)


def _unfence(text: str) -> str:
    text = text.strip("\n")
    whole = FENCE.fullmatch(text)
    return whole[2] if whole and len(whole[1]) >= 3 else text


def _file(path: str, text: str) -> File:
    text = text.replace("\r\n", "\n")
    front = FRONT.match(text)
    meta: dict[str, str] = {}
    if front:
        for line in front[1].splitlines():
            key, colon, value = line.partition(":")
            if colon and key.strip() and not key.startswith((" ", "-", "#")):
                meta[key.strip()] = value.strip().strip("\"'").lstrip("|>- ")
    body = text[front.end() :] if front else text
    sections = tuple(_sections(body)) if path.endswith((".md", ".txt")) else ()
    return File(path, meta, sections, text)


def _sections(body: str) -> Iterator[Section]:
    lines: list[str] = []
    heading, fence = "", ""
    for line in [*body.split("\n"), "# "]:
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        title = re.match(r"#{1,6}\s+(.*?)\s*#*$", line) if not fence else None
        if title or line == "# ":
            if lines:
                yield _section(heading, "\n".join(lines))
            heading, lines = (title[1] if title else ""), []
        else:
            lines.append(line)


def _section(heading: str, text: str) -> Section:
    code = []
    for match in FENCE.finditer(text):
        language = text[match.start() :].split("\n", 1)[0].strip("`~ ")
        code.append(Code(language.split(" ")[0], match[2]))
    text = FENCE.sub("\n\n", text)
    prose, bullets = [], []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        plain: list[str] = []
        for line in lines:
            item = re.match(r"(?:[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?(.*)", line)
            if item and item[1]:
                bullets.append(item[1])
            elif not re.match(r"[|<>#~`]|!\[|[-=*_]{3,}$", line):
                plain.append(line)
        if plain:
            prose.append(" ".join(plain))
    return Section(heading, tuple(prose), tuple(bullets), tuple(code))


def _window(prompt: str) -> tuple[int, int]:
    for match in WINDOW.finditer(TAGGED.sub("", prompt)):
        low, high = (int(re.sub(r"\D", "", g)) for g in match.groups())
        if 500 <= low < high <= 200_000:
            return low, high
    return 8_000, 14_000


def _analysis(prompt: str) -> dict[str, Any]:
    """The largest JSON object in the prompt that looks like an analysis."""
    decoder = json.JSONDecoder()
    best: dict[str, Any] = {}
    for match in re.finditer(r"^\s*\{", prompt, re.MULTILINE):
        try:
            value, _ = decoder.raw_decode(prompt, match.end() - 1)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "purpose" in value and len(value) > len(best):
            best = value
    return best


def _plugin(prompt: str, files: tuple[File, ...]) -> str:
    for file in files:
        if file.path.endswith("plugin.json"):
            try:
                name = json.loads(file.text).get("name")
            except (ValueError, AttributeError, RecursionError):
                continue
            if isinstance(name, str) and name:
                return name
    named = NAMED.search(prompt)
    return named[1] if named else "plugin"
