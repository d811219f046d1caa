"""A Markdown document made of the plugin's own words, inside the byte window of the prompt.

Sentences, bullets, code, commands, agents and paths stand in the prompt; where they do not fill
the window, it talks around the plugin's topics (`elaborating`). Asked to mend a draft, it leaves
out the lines that were complained of. No frontmatter: that is the caller's to render.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from . import elaborating
from .source import Code, File, Section, Source

LIVE = re.compile(r"!`[^`]*`")
ECHO = re.compile(r"\$ARGUMENTS|\$\d\b")
TAG = re.compile(r"<[^>\n]{1,80}>")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
BARE = re.compile(r"https?://\S+")
RISKY = re.compile(r"TODO|FIXME|lorem|\[(?:INSERT|Your)|curl[^\n]*\|\s*(?:ba)?sh|As an AI", re.I)


def write(source: Source, rng: random.Random, shunned: frozenset[str] = frozenset()) -> str:
    """From `low` to `high` bytes. shunned: lines that must not stand in it again."""
    aim = source.low + int((source.high - source.low) * rng.uniform(0.35, 0.75))
    page = _Page(source.high - 200, shunned)
    page.add(f"# {_title(source.plugin)}")
    for share, chapter in OF_ONE if source.of_one else CHAPTERS:
        page.aim = int(aim * share)
        chapter(page, source)
    page.aim = source.low + 300
    for chapter in (_glance, _checklist):
        if not page.full:
            chapter(page, source)
    _elaborate(page, source, rng)
    page.add(f"This page was composed from the files of {source.plugin} alone.")
    return page.text()


class _Page:
    """Blocks, no line of prose twice, while they fit; a heading appears with its first block."""

    def __init__(self, most: int, shunned: frozenset[str]) -> None:
        self._shunned = shunned
        self._most = most
        self.aim = most
        self._blocks: list[str] = []
        self._seen: set[str] = set()
        self._headings: list[str] = []
        self.size = 0

    def head(self, level: int, title: str) -> None:
        kept = [h for h in self._headings if h.index(" ") < level]
        clean = _clean(title).strip("#: ").replace("`", "")
        self._headings = [*kept, f"{'#' * level} {clean}"] if clean else kept

    def add(self, block: str) -> bool:
        block = self._news(block.strip("\n"))
        cost = len(block.encode()) + 2 + sum(len(h.encode()) + 2 for h in self._headings)
        if not block or self.size + cost > self._most:
            return False
        self._blocks += [*self._headings, block]
        self._headings = []
        self._seen |= {_plain(line) for line in block.split("\n")}
        self.size += cost
        return True

    def _news(self, block: str) -> str:
        """The block without the lines that were said before, or that are shunned."""
        lines = block.split("\n")
        if any(line.strip() in self._shunned for line in lines) and block.startswith("```"):
            return ""
        if block.startswith(("```", "|")):
            return "" if all(_plain(line) in self._seen for line in lines) else block
        kept = [x for x in lines if x.strip() not in self._shunned and _plain(x) not in self._seen]
        return "\n".join(kept)

    @property
    def full(self) -> bool:
        return self.size >= self.aim

    def text(self) -> str:
        return "\n\n".join(self._blocks) + "\n"


def _plain(line: str) -> str:
    return " ".join(line.lower().split()).lstrip("-*#>0123456789. ").rstrip(".:; ")


def _title(name: str) -> str:
    return re.sub(r"[-_]+", " ", name).strip().title() or "Plugin"


def _clean(text: str) -> str:
    """One line of prose without anything that is live, linked or marked up as HTML."""
    text = LIVE.sub("", LINK.sub(r"\1", text))
    text = BARE.sub("", ECHO.sub("the arguments", TAG.sub("", text)))
    text = re.sub(r"\s+", " ", text).strip()
    if text.count("`") % 2:
        text = text.replace("`", "")
    return "" if RISKY.search(text) else text


def _prose(texts: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield from (c for t in texts if len(c := _clean(t)) > 25)


def _fence(code: Code) -> str:
    text = code.text.rstrip("\n")
    if not text.strip() or LIVE.search(text) or RISKY.search(text) or ECHO.search(text):
        return ""
    if len(text.encode()) > 2_500 or "```" in text:
        return ""
    # A snippet in a plugin's prose is often a sketch: "text" promises no grammar.
    language = code.language if code.language in ("bash", "sh", "sql", "diff") else "text"
    return f"```{language}\n{text}\n```"


def _overview(page: _Page, source: Source) -> None:
    page.head(2, "Overview")
    purpose = source.analysis.get("purpose")
    said = [purpose] if isinstance(purpose, str) else []
    readme = [f for f in source.markdown if f.stem.lower() == "readme"]
    for file in readme:
        said += [p for s in file.sections[:2] for p in s.prose]
    said += [f.description for f in source.files if f.meta.get("description")][:1]
    for text in list(_prose(said))[:4]:
        page.add(text)


def _when(page: _Page, source: Source) -> None:
    page.head(2, "When to use it")
    triggers = source.analysis.get("triggers", [])
    lines = [t for t in triggers if isinstance(t, str)] if isinstance(triggers, list) else []
    for file in source.markdown:
        for section in file.sections:
            if re.search(r"when|use case|feature|benefit|perfect", section.heading, re.I):
                lines += section.bullets
    page.add("\n".join(f"- {c}" for c in dict.fromkeys(_prose(lines[:10]))))


def _parts(page: _Page, source: Source) -> None:
    """Every command and agent by name first; then each one's text, while there is room."""
    for folder, title, mark in (("commands", "Commands", "/"), ("agents", "Agents", "")):
        files = source.under(folder)
        page.head(2, title)
        named = [(f, f.stem if mark else f.meta.get("name", f.stem)) for f in files]
        most = max(60, 3_000 // max(1, len(files)))
        if not source.of_one:
            page.add("\n".join(f"- `{mark}{n}`: {_short(f.description, most)}" for f, n in named))
        room = (page.aim - page.size) // max(1, len(files))
        aim = page.aim
        for file, name in named:
            page.aim = min(aim, page.size + room)
            page.head(3, f"{mark}{name}")
            for section in file.sections:
                if not page.full:
                    _section(page, section, 4)
        page.aim = aim


def _short(text: str, most: int) -> str:
    text = _clean(text)
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].replace("`", "")


def _section(page: _Page, section: Section, level: int) -> None:
    page.head(level, section.heading)
    for text in _prose(section.prose):
        if not page.full:
            page.add(text)
    lines = list(dict.fromkeys(c for b in section.bullets if len(c := _clean(b)) > 3))
    page.add("\n".join(f"- {c}" for c in lines))
    for code in section.code:
        page.add(_fence(code))


def _workflows(page: _Page, source: Source) -> None:
    page.head(2, "Workflow")
    steps: list[str] = []
    for flow in source.analysis.get("workflows", []) or []:
        if isinstance(flow, str):
            steps.append(flow)
        elif isinstance(flow, dict):
            steps += [v for v in flow.values() if isinstance(v, str)]
    page.add("\n".join(f"{i}. {c}" for i, c in enumerate(dict.fromkeys(_prose(steps)), 1)))


def _details(page: _Page, source: Source) -> None:
    shown = {f.path for folder in ("commands", "agents") for f in source.under(folder)}
    for file in source.markdown:
        if file.path in shown or file.stem.upper() in ("LICENSE", "CHANGELOG"):
            continue
        for section in file.sections:
            if page.full or re.search(r"licen|author|contribut", section.heading, re.I):
                continue
            _section(page, section, 2)


def _examples(page: _Page, source: Source) -> None:
    page.head(2, "Examples")
    for file in source.markdown:
        for section in file.sections:
            for code in section.code:
                if not page.full:
                    page.add(_fence(code))


def _files(page: _Page, source: Source) -> None:
    page.head(2, "Files")
    names = [f.path for f in source.files if f.path != "prompt.md"][:20]
    page.add("\n".join(f"- `{name}`" for name in names))
    page.add("\n".join(f"- [{path}]({path}): read it first" for path in source.references))


def _glance(page: _Page, source: Source) -> None:
    page.head(2, "At a glance")
    rows = [(f, _clean(f.description).replace("|", "/")) for f in source.files]
    lines = [f"| `{f.path}` | {said[:160]} |" for f, said in rows if said]
    if lines:
        page.add("\n".join(["| File | What it says |", "| --- | --- |", *lines]))


def _headed(file: File) -> list[Section]:
    return [s for s in file.sections if s.heading and (s.prose or s.bullets)]


def _elaborate(page: _Page, source: Source, rng: random.Random) -> None:
    """What a model does when its source is short: it talks around the plugin's topics."""
    page.head(2, "In practice")
    headed = [s for f in source.markdown for s in _headed(f)]
    named = [_clean(s.heading).replace("`", "").strip("#: ") for s in headed]
    topics = [t for t in dict.fromkeys(named) if 3 < len(t) < 60] or [f"the use of {source.plugin}"]
    points = [c for s in headed for c in _prose([*s.bullets, *s.prose]) if len(c) < 240]
    files = [f.path for f in source.files if f.path != "prompt.md"]
    told, left = set[str](), 5
    made = elaborating.paragraphs(source.plugin, topics, points, files, rng)
    while left and not page.full:
        topic, text = next(made)
        if topic not in told:
            page.head(3, f"{topic} in practice")
            told.add(topic)
        if not page.add(text):
            left -= 1  # shunned, or no room


def _checklist(page: _Page, source: Source) -> None:
    page.head(2, "Checklist")
    titles = [_clean(s.heading).replace("`", "") for f in source.markdown for s in _headed(f)]
    page.add("\n".join(f"- [ ] {title}" for title in dict.fromkeys(titles) if title))


# Up to which share of the aim each chapter may fill the page.
CHAPTERS = (
    (0.15, _overview),
    (0.25, _when),
    (0.35, _examples),
    (0.80, _parts),
    (0.85, _workflows),
    (1.00, _details),
    (1.00, _files),
)
OF_ONE = ((0.35, _examples), (1.00, _parts))
"""What the whole plugin is for another page says."""
