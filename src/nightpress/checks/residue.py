"""Patterns of what should have been replaced, or said to somebody else: placeholders, and the
conversation that a draft came out of."""

from __future__ import annotations

import re

from nightpress.checks.prefilter import guarded
from nightpress.lazy import pattern

PLACEHOLDERS = (
    guarded(
        "[",
        r"\[(?:insert|your|todo|tbd|placeholder|fill in|describe|description of|add|replace"
        r"|(?:plugin|project|company|product|author|skill) name)\b[^\]\n]*\](?![(\[:])"
        r"|\[[^\]\n]{1,60}\bgoes here\](?![(\[:])",
    ),
    guarded("lorem", r"\blorem ipsum dolor\b"),
    guarded("lorem", r"\bLorem ipsum\b", flags=0),
    guarded("todo|fixme|tbd|xxx", r"\b(?:TODO|FIXME|TBD|XXX)(?:\([\w-]+\))?[ \t]*:", flags=0),
    guarded(
        "todo|fixme|tbd",
        r"\*\*(?:TODO|FIXME|TBD)\*\*|^[ \t]*(?:[-*+][ \t]+)?(?:TODO|FIXME|TBD)[.!]?[ \t]*$"
        r"|\bTBD[.)]",
        flags=re.M,
    ),
    guarded("{{", r"\{\{[^{}\n]*\}\}"),
    guarded("<<<<<<<", r"^<{7}(?: .*)?$", flags=re.M),  # of a merge; >>>>>>> could be a quotation
    guarded("<insert|<your", r"<(?:insert|your)[ _-][^<>\n]*>"),
    guarded("to be determined|under construction", r"\(to be determined\)|\bunder construction\b"),
    guarded(
        " here",
        r"\b(?:content|text|description|examples?|details) goes? here\b"
        r"|^\W*(?:add|insert|put) (?:your |the |an? |more )?(?:[a-z]+ )?"
        r"(?:descriptions?|examples?|content|text|details) here\b",
        flags=re.I | re.M,
    ),
)
# in a draft of ours only: people write templates in prose, and say what is not there yet
SLOTS = (
    guarded("{", r"(?<![\w$#\\{\[])\{[a-z][a-z_]*(?:[ -][a-z]+)*\}(?![\w}])", flags=0),
    guarded(
        "[",
        r"(?<![\w\]!\[\\])\[(?:Date|Name|Title|Author|Version|Company|URL|Link|E-?mail"
        r"|Description|Team|Topic|(?:Feature|Step|Option|Example|Item) \d)\](?![(\[:\]])",
        flags=0,
    ),
    guarded(
        "coming soon",
        r"^(?:[^\w\n]|_)*(?:[a-z]+ ){0,4}coming soon(?:[^\w\n]|_)*$",
        flags=re.I | re.M,
    ),
)
DOCUMENT = r"(?:skill\.md|document(?:ation)?|markdown|readme|draft|file|version)"
WE = r"(?:Claude|Gemini|ChatGPT|GPT-[\w.]+|Bard)"
MADE = r"(?:updated|written|created|generated|revised|rewritten|drafted|prepared)"
CONVERSATION = (
    guarded(
        "as an ai|as a l|as an art|as an l|i am a|i'm a|i am j|i'm j",
        r"\b(?:As an?|I(?: am|'m) (?:just )?an?) (?:AI|artificial intelligence"
        r"|(?:large )?language model)\b(?![ -](?:agents?|assisted|tool|engineer|product|powered"
        r"|feature|system|service))",
    ),
    guarded("i am |i'm ", rf"\bI(?: am|'m) {WE}\b", flags=0),
    guarded(
        "i cannot|i can't|i'm unable|i do not|i don't",
        r"\b(?:I cannot|I can't|I'm unable to)"
        r" (?:fulfil|assist with|help with|access|browse|verify)"
        r"|\bI (?:do not|don't) have (?:access|the ability|real-time)",
    ),
    guarded("apologi", r"\bI apologi[sz]e\b"),
    guarded("cutoff|training data", r"\bmy (?:knowledge cutoff|training data)\b"),
    guarded(
        "request",
        r"\bas requested,? (?:here|I)\b|\bas (?:you requested|per your request)\b",
    ),
    guarded("hope ", r"\bhope (?:this|the)(?: \w+)? (?:helps|meets|works)\b"),
    guarded(
        "feel free|let me know",
        r"\b(?:feel free to (?:ask|reach out)|let me know if) ?(?:you(?:'d| )\w*)?",
    ),
    guarded("would you like|do you want", r"\b(?:would you like|do you want) me to\b"),
    guarded(
        "i have |i've ",
        rf"\bI(?:'ve| have) {MADE} (?:the|this|a|your)(?: \w+)? {DOCUMENT}\b",
    ),
    guarded(
        "here is|here's|below is",
        rf"\b(?:here(?:'s| is)|below is) (?:the|your) "
        rf"(?:updated|revised|complete|final|requested|rewritten) {DOCUMENT}",
    ),
    guarded(
        "by an ai|by ai|by a l|by gemini|by claude|by chatgpt",
        rf"\bthis {DOCUMENT} (?:was|is|has been) {MADE} by (?:an? )?(?:AI|language model|{WE})\b",
    ),
    guarded(
        "end of|count:|continued",
        rf"^\W*end of (?:the )?{DOCUMENT}\W*$|^\W*(?:word|byte|character|token) count\W*:\W*\d"
        r"|^\W*continued in (?:the )?next (?:message|reply|response)\b",
        flags=re.I | re.M,
    ),
    guarded(
        "certainly|great question|of course|sure",
        r"^(?:certainly|great question|of course|sure thing)!",
        flags=re.I | re.M,
    ),
    guarded(
        "provided plugin|provided source|information provided",
        r"\b(?:based on|according to) (?:the )?(?:provided (?:plugin|source)\b"
        r"|information provided\b)",
    ),
    guarded("plugin-data-|draft-", r"</?(?:PLUGIN-DATA|DRAFT)-[0-9a-f]{6,}", flags=0),
)
OPENING = pattern(
    r"\s*(?:sure|certainly|of course|absolutely|okay|great|understood|got it|here you go)\s*[!,.:]"
    rf"|\s*I(?:'ve| have) {MADE}\b"
    r"|\s*(?:here(?:'s| is| are)|below is) (?:the|your|a|an)\b[^\n]{0,60}"
    rf"\b{DOCUMENT}\b[^\n]*:?\s*$",
    re.I | re.M,
)
