"""Where a plugin's text goes in a document: by the outline that its generator declares.

A section's *matter* is what it is about, by its heading; an outline says which matters a section of
the document takes, in which order, and under which heading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nightpress.lazy import pattern
from nightpress.model import Generator

CHAPTERS = {"commands": "Commands", "agents": "Agents", "skills": "Skills"}
"""Matter of a component -> the chapter of its kind."""

# what a section is about, by its heading: (words, matter, value: the least goes in first)
_MATTERS = (
    (r"^(?:important |legal |safety )?(?:warnings?|disclaimers?)$"
     r"|^supported\b(?! by)|^what (?:it|this \w+) (?:detects|supports|covers|checks|scans)\b"
     r"|\bsupported$", "scope", 9),
    (r"ideal for|perfect for|who (?:is|should|can|this)|audience", "audience", 40),
    (r"when (?:not )?to (?:use|activate|invoke|run|call|apply|trigger|engage)(?! (?!it\b|this\b"
     r"|the\b|these\b|which\b|each\b)\w)|when (?:the |a )?users?|when (?:activated|you activate"
     r"|you(?:'re| are) called|this is used)|use (?:it |this )?when|when$|use cases?|triggers?",
     "when", 3),
    (r"problem|solution|why|compar\w*|\bvs|related|resources|links?|statistics|metrics"
     r"|the result|help|support", "other", 50),
    (r"install\w*|set ?up|quick ?start|getting started|prerequisit\w*|requirements?|activation"
     r"|before you", "setup", 6),
    (r"overview|about|introduc\w*|description|summary|purpose", "about", 4),
    (r"what (?:is|it|you)|(?:key |main |core )?features?|capabilit\w*|benefits|components",
     "features", 4),
    (r"config\w*|settings?|options?|flags?|environment|customi\w*|parameters", "settings", 9),
    (r"usage|workflow|how (?:it|to)|commands?|examples?|walkthrough|tutorial|guide|scenario"
     r"|using", "usage", 7),
    (r"not implemented|troubleshoot\w*|faq|limit\w*|errors?|known issues|security"
     r"|best practices?|tips|notes?|when it fails|if it fails|pitfalls|don'?t", "trouble", 12),
)  # fmt: skip
_GROUPS = (
    "about", "audience", "choice", "when", "scope", "setup", "contents", "commands", "agents",
    "skills", "hooks", "servers", "features", "usage", "settings", "other", "trouble", "files",
)  # fmt: skip
_USUAL: tuple[Mapping[str, Any], ...] = tuple({"takes": (matter,)} for matter in _GROUPS)
_OF_IT = pattern(r"\b(?:this|the)\s+(?:command|skill|agent|plugin|tool|server)\b|[\s:?!]+$", re.I)


def matter_of(heading: str) -> tuple[str, int]:
    """(matter, value) of a section by its heading."""
    if _FAILS.search(heading):
        return "trouble", 12
    heading = _without_demands(heading)
    for words, matter, rank in _MATTERS:
        if re.search(rf"(?:^|\b)(?:{words})\b", heading, re.I):
            return matter, rank
    return "other", 14


def _without_demands(heading: str) -> str:
    """The heading; "Evidence Requirements" are what a result must have, and nothing that is needed
    before."""
    return heading if _REQUIRED.fullmatch(heading) else _DEMANDS.sub("", heading)


_DEMANDS = pattern(r"\brequirements?\b", re.I)
_REQUIRED = pattern(
    r"\W*(?:\d+[.)] )?(?:(?:system|technical|platform|minimum|installation|setup|tools?|software"
    r"|hardware|environment|runtime|version|dependency|optional|access|account|and) )*requirements?"
    r"(?: (?:and|&) .*)?\W*",
    re.I,
)
_FAILS = pattern(r"\b(?:fail(?:s|ures?)?|goes wrong|known issues|don'?t use)\b", re.I)


def function_of(heading: str) -> str:
    """What a section does for its reader, by its heading, so that a README's can be told from a
    command's own of the same; "" for none that two may have."""
    return next((name for name, words in _FUNCTIONS if words.search(heading)), "")


_FUNCTIONS = (
    ("output", pattern(r"(?i)\b(?:outputs?|reports?|results?|example workflow)\b")),
    ("call", pattern(r"(?i)^(?:(?:example|basic|quick|command|sample)s? )?(?:usage|calls?|syntax)\b"
                     r"|^(?:quick start|commands?)$")),
    ("process", pattern(r"(?i)^(?:what (?:it|this|the \w+) does|how it works"
                        r"|(?:execution |test(?:ing)? |scan(?:ning)? |analysis |implementation )?"
                        r"(?:process|workflow|steps|execution|phases|methodology))\b")),
    ("advanced", pattern(r"(?i)^advanced (?:features?|usage|options|topics)$")),
    ("examples", pattern(r"(?i)\b(?:example|sample) (?:queries|prompts|requests|questions)\b")),
    ("features", pattern(r"(?i)^(?:(?:key|main|core) )?"
                         r"(?:features?|capabilities|responsibilities)$")),
)  # fmt: skip


class Plan:
    """A generator's outline, as the offline writer follows it. Without one, or where no section of
    it takes anything, what its headings do not claim stands in the usual order."""

    def __init__(self, generator: Generator | None, plugin: str) -> None:
        declared = tuple(generator.settings.get("outline", ())) if generator else ()
        takes = any(item.get("takes") for item in declared)
        self._items = declared if takes else (*declared, *_USUAL)
        self._plugin = plugin

    def takes(self, matter: str) -> bool:
        return self.place(matter) is not None

    def place(self, matter: str, heading: str = "") -> int | None:
        """The number of the section that a text goes to; None: it is left out."""
        claims = [n for n, item in enumerate(self._items) if _claims(item, heading)]
        for at in claims:
            if not self._items[at].get("takes"):
                return at
        every = [matter, "other"] if matter == "scope" else [matter]
        takers = (
            n for one in every for n, item in enumerate(self._items) if one in item.get("takes", ())
        )
        return next(takers, claims[0] if claims else None)

    def order(self, matter: str, heading: str = "") -> tuple[int, int] | None:
        """What the place of a text begins with; None: it is left out."""
        at = self.place(matter, heading)
        return None if at is None else (at, _GROUPS.index(matter))

    def lifts(self, matter: str) -> bool:
        """Do a component's own sections of it stand before what is done?"""
        takers = [n for n, item in enumerate(self._items) if matter in item.get("takes", ())]
        return matter in ("about", "setup", "scope") and bool(takers)

    def title(self, matter: str, heading: str = "") -> str:
        """The heading that a section of this matter goes under, its slots open; "": its own."""
        at = self.place(matter, heading)
        return "" if at is None else str(self._items[at].get("title", ""))

    @property
    def choice(self) -> tuple[str, ...]:
        """The heading above what there is to choose from."""
        return () if self.title("choice") else ("When to use",)

    def base(self, matter: str, name: str, *, alone: bool = False) -> tuple[str, ...]:
        """The headings above the text of a component; alone: the plugin has no other."""
        title = self.title(matter)
        if not title:
            return () if alone else (f"`{name}`",)
        if "{kinds}" in title:
            return (self._filled(title, CHAPTERS[matter], name), f"`{name}`")
        filled = self._filled(title, CHAPTERS[matter], f"`{name}`")
        return (filled,) if "{name}" in title or alone else (filled, f"`{name}`")

    def path(self, matter: str, path: Sequence[str]) -> tuple[str, ...]:
        """The headings of a section of another file."""
        heading = path[0] if path else ""
        title = self.title(matter, heading)
        if not title or "{kinds}" in title or "{name}" in title:
            return tuple(path)
        at = self.place(matter, heading) or 0
        words = [title, *self._items[at].get("headings", ())]
        bare = _bare(heading)
        same = not bare or any(bare == _bare(str(word)) for word in words)
        same = same or (bare.startswith(f"{title.lower()} ") and len(path) == 1)
        return (self._filled(title, "", ""), *(path[1:] if same else path))

    def _filled(self, title: str, kinds: str, name: str) -> str:
        for slot, text in (("{plugin}", self._plugin), ("{kinds}", kinds), ("{name}", name)):
            title = title.replace(slot, text)
        return title


def _claims(item: Mapping[str, Any], heading: str) -> bool:
    """Does the heading say one of the section's words?"""
    low = _without_demands(heading).lower()
    return bool(low) and any(
        re.search(rf"(?<!\w){re.escape(str(word).lower())}(?!\w)", low)
        for word in item.get("headings", ())
        if word != "?"
    )


def _bare(heading: str) -> str:
    return " ".join(_OF_IT.sub("", heading.lower()).split())
