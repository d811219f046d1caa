"""The article that a description leaves out: "Build API gateway" makes one gateway."""

from __future__ import annotations

import re

from nightpress.lazy import pattern


def with_article(text: str) -> str:
    """A text that begins with a verb; what is made, or looked at, has its article where it is one
    thing for certain: "create client questionnaire" gives "create a client questionnaire",
    "validate schema in codebase" "validate the schema in the codebase"."""
    text = _ONE.sub(_with_one, text)
    return _WITHIN.sub(lambda found: f"{found[1]} the {found[2] or ''}{found[3]}", text)


def _with_one(found: re.Match[str]) -> str:
    if _OF_MANY.search(found[3]):
        return found[0]
    if _READ.match(found[2]):
        return f"{found[1]}{found[2]} the {found[3]}"
    return f"{found[1]}{found[2]} {an(found[3])}"


def an(text: str) -> str:
    """A text of one thing with its article."""
    return f"{article(text)} {text}"


def article(text: str) -> str:
    """ "an" before what begins with a vowel as it is spoken, else "a"."""
    return "an" if _VOWEL.match(text) else "a"


_THINGS = (
    "(?:questionnaire|document|suite|application|dashboard|gateway|server|report|plan|proposal"
    "|template|pipeline|changelog|calendar|program|workflow|schema|backend|strategy|tool|stack"
    "|layout|guide|framework|codebase|repository|branch|script|budget|roadmap|cluster|checklist"
    "|endpoint|package|library|specification|database|file|provider|platform|matrix|playbook"
    "|runbook|service|index|topology|component|project|profile|request|rule|system|description|taxonomy|interface|baseline|dataset|inventory|diagram"
    "|feature|issue|hook|bot|app|website|entry|environment|prompt|image|bundle)"
)
_READS = (
    "(?:analy[sz]e|identif(?:y|ie)|review|examine|check|validate|verif(?:y|ie)|read|parse|inspect"
    "|determine|detect|scan|monitor|optimi[sz]e|refactor|improve|update|locate|profile|test|audit"
    "|understand|assess|evaluate)"
)
_MAKES = (
    "(?:build|create|generate|write|run|design|sets? up|draft|make|produce|start|configure"
    "|implement|define|choose|select|add|prepare|schedule|launch|scaffold|initialize|develop|install)"
)
_READ = pattern(rf"{_READS}s?$", re.I)
_NO_ARTICLE = (
    r"(?!(?:a|an|the|its|their|each|every|any|all|one|this|that|no|both|some|of|for|with|from|in|to"
    r"|by|on|and|or|as|at|using|against|into|across|via|per|between|end-to-end testing)\b)"
)
_ONE = pattern(
    rf"(^|(?<=, )|(?<=\band )|(?<=\bto )|(?<=\. )|(?<=[a-z]ly ))((?:{_MAKES}|{_READS})s?) "
    rf"((?:{_NO_ARTICLE}(?!\w+[^sc\W]s\b)[\w/+.-]+ ){{0,3}}?{_NO_ARTICLE}{_THINGS})"
    r"(?=$|[.,;:]| (?:with|from|for|in|to|that|by|using|of|against|on|and)\b)",
    re.I,
)
_WITHIN = pattern(
    r"\b(for|of|in|from|against|across|within|throughout|on|validates?|tests?|scans?"
    r"|containerizes?|deploys?) (current |existing"
    r" |entire |whole )?(codebase|application|repository|project|branch|workspace"
    r"|database|team)(?=$|[.,;:]| (?:with|for|in|using|against|to|and)\b)",
    re.I,
)
_OF_MANY = pattern(r"\b(?:and|or)\b", re.I)
_VOWEL = pattern(
    r"(?i:[aeio](?!ne\b|nce\b)|u(?!ni|se|rl))|[FHLMNSX](?=[A-Z]{1,4}\b)(?![AEIOU][A-Z]{2})"
)
