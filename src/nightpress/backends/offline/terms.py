"""What a user mentions: the terms that a plugin says it is called by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.clean import Place, shown, uncoded
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component
from nightpress.plugin import kind_of

_NOWHERE = Place("", "", "", frozenset())
_TELL = ("readme", "command", "agent")
MOST = 6
"""Terms that are named."""


def mentioned(anatomy: Anatomy, every: Sequence[Component], what: str) -> list[str]:
    """Terms that the plugin says it is called by, none that `what` has already. Whoever names a
    tool, a kind of thing, or a trouble that the plugin deals with too, asks about something else
    most often."""
    files = [file for file in anatomy.files if kind_of(file.path) in _TELL]
    texts = "\n".join(uncoded(file.text) for file in files)
    said = what.lower()
    own = [one for one in _declared(every, texts, "triggers") if one.lower() not in said]
    return own[:MOST] or _fresh(_declared(every, texts, "keywords"), set(wording.stems(what)))


def products(component: Component) -> list[str]:
    """The tools that a command or an agent names, as such, to choose from: "a platform (Grafana,
    Datadog, etc.)"; none where there are not two."""
    found = _PRODUCTS.search(uncoded(component.body))
    names = _OR.split(found[1] or found[2]) if found else []
    return names if any(not name.isupper() for name in names[1:]) else []


def _declared(every: Sequence[Component], texts: str, key: str) -> Iterator[str]:
    """The words that the frontmatter of commands and agents gives as what calls them, by turns;
    what several of them have is a form."""
    lists = [list(_values(one.meta.get(key), key)) for one in every]
    counts = Counter(term for terms in lists for term in set(terms))
    for terms in zip_longest(*lists):
        yield from (spelled(one, texts) for one in terms if one and counts[one] == 1)


def _values(value: object, key: str) -> Iterator[str]:
    value = value.get("keywords") if isinstance(value, dict) else value
    for one in value if isinstance(value, list | tuple) else ():
        term = shown(re.sub(r"[-_]", " ", str(one))).strip()
        words = [_KNOWN.get(word.lower(), word) for word in term.split()]
        plain = re.fullmatch(r"[\w /+.&]+", term) and not {w.lower() for w in words} & _NOT_IN
        least = 1 if key == "triggers" else 2  # a keyword of one word says too little
        if plain and least <= len(words) < 5 and not verbs.is_third(words[0]):
            lower = (one if _ACRONYM.search(one) else one.lower() for one in words)
            yield wording.modest(" ".join(lower))


def _fresh(terms: Iterable[str], known: set[str]) -> list[str]:
    """The first ones that say something new."""
    found: list[str] = []
    for term in terms:
        new = wording.stems(term)
        if new - known and len(new - known) * 2 >= len(new) and len(found) < MOST:
            found.append(term)
            known |= new
    return found


def spelled(words: str, said: str) -> str:
    """A keyword as the texts spell it within a sentence: "slo" is an SLO, "multi-step" keeps its
    hyphen where it has one there, "grafana" is a name; without hyphens where they have none."""
    if not words.islower():
        return words
    if any(word in _KNOWN for word in re.split("[- ]", words)):
        return " ".join(_KNOWN.get(word, word) for word in _WORD_END.sub(" ", words).split())
    either = re.sub(r"(?:\\?[- ])+", "[-/ ]", re.escape(words))
    forms: list[str] = re.findall(rf"(?<![\w-]){either}(?=s?(?![\w-]))", said, re.I)
    capitals = [form for form in forms if _ACRONYM.search(form)]
    is_one = not re.search("[- ]", words) and words not in forms
    if is_one and capitals and (len(words) < 6 or not capitals[0].isupper()):
        return max(capitals, key=capitals.count)
    name = words.capitalize()
    if words not in forms and len(re.findall(rf"(?:\b[a-z]+,? |, |[(/]){name}\b", said)) > 1:
        return name
    kept = words if any("-" in form for form in forms) else words.replace("-", " ")
    parts = re.split("([- ])", kept)
    return "".join(spelled(one, said) if len(parts) > 1 else one for one in parts)


def titled(title: str, texts: Iterable[str]) -> str:
    """A title made of a name ("Tide Devops"), its words as most texts spell them: "Tide DevOps"."""
    said = "\n".join(uncoded(text) for text in texts)
    return " ".join(_cased(word, said) for word in title.split())


def _cased(word: str, said: str) -> str:
    if not word.isalnum() or word != word.capitalize():
        return word
    forms = Counter(re.findall(rf"(?<![\w/.@:-]){word}(?![\w/:-]|\.\w)", said, re.I))
    best = _KNOWN.get(word.lower(), max(forms, key=lambda form: forms[form], default=word))
    has_digit = any(one.isdigit() for one in word[1:])
    return best if _ACRONYM.search(best) or (has_digit and best.islower()) else word


_NAME = r"[A-Z][\w.+#-]*(?: [A-Z][\w.]*)?"
_NAMES = rf"({_NAME}(?:,? (?:or |and )?{_NAME})+)"
_PRODUCTS = pattern(
    r"(?:(?:tool|platform|backend|framework|provider|database|service|librar(?:y|ie)|solution"
    r"|system|stack|SDK|vendor|engine|broker|network|collection|aggregation|monitoring|tracking)s? "
    rf"\({_NAMES}|[a-z] \({_NAMES}(?=,? etc\b))(?:,? etc\.?)?\)"
)
_OR = pattern(r",? (?:or|and) |, ")
_ACRONYM = pattern(r"[A-Z]{2}|[a-z][A-Z]")
_NOT_IN = frozenset(
    "and or the a an your you this that all any not no is are be step steps phase level none yes"
    " other more each every etc it its file files based ready time first second name type types"
    " example examples user users new detailed overall full details mean median score average total"
    " current self fast include includes descriptive configured instant smart easy quick seamless"
    " automatic intelligent".split()
)
_KNOWN = {
    one.lower(): one
    for one in (
        "API SQL UI UX CI/CD CI CSS ML REST GraphQL SEO AI TDD OWASP GDPR HTTP JSON OAuth SRE LLM"
        " MCP DevOps GitHub"
    ).split()
}
_KNOWN["ci-cd"] = "CI/CD"
_WORD_END = pattern(r"(?<!\bci)-")
