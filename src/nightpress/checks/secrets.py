"""Secrets in text, by what they look like and by what stands beside them; redacted before a prompt
leaves.

Four looks, each for a family that needs no list of providers: tokens that begin as those of a known
service; places made for a secret (a URL's userinfo, a header, a key block); values assigned to a
telling name; opaque tokens that a telling word stands beside. What plainly stands in for a secret,
and digests and ids, are none. `python -m benchmarks secrets` has the figures.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.prefilter import matches
from nightpress.checks.secret_shapes import (
    ASSIGNED,
    BEGIN,
    BODY,
    DIGIT,
    DOCUMENTED,
    END,
    EXPRESSION,
    HARMLESS,
    HEX,
    LOOSE,
    NAME,
    OPEN,
    PASS,
    PLACES,
    PLAIN,
    PREFIXES,
    QUERY,
    ROOTS,
    SEGMENT,
    SERVICES,
    SHAPED,
    TELLING,
    TOKEN,
    UUID,
    VALUE,
    WHOLE,
    WIF,
    unescaped,
)
from nightpress.checks.secret_values import (
    changes,
    classes,
    digits,
    entropy,
    is_mixed,
    opaque,
    password,
    scattered,
    stands_in,
    wordy,
)
from nightpress.lazy import pattern

MARK = "[REDACTED]"
ROUNDS = 200
GENERIC = "key or token"

BEFORE = 90
"""Characters before a token in which a word may tell what it is."""


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each secret, in order, not overlapping. What plainly stands in for a
    secret (`your-key`, `${TOKEN}`, `xxxx`) is none."""
    spans = [*_looked(text)]
    for at, line in unescaped(text):
        spans += [(at + start, at + end, kind) for start, end, kind in _looked(line)]
    last = -1
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1], span[2] == GENERIC)):
        if end <= last:
            continue
        yield max(start, last), end, kind
        last = end


def _looked(text: str) -> Iterator[tuple[int, int, str]]:
    for look in (_blocks, _shaped, _places, _named, _tokens):
        yield from look(text)


def _shaped(text: str) -> Iterator[tuple[int, int, str]]:
    for match, kind in matches(SHAPED, text):
        group = match.re.groups
        value = match[group].rpartition("$")[2] if kind == "password hash" else match[group]
        if not stands_in(value) and entropy(value) > 2.3:
            yield match.start(group), match.end(group), kind


def _places(text: str) -> Iterator[tuple[int, int, str]]:
    for match, kind in matches(PLACES, text):
        value, start = match[1], match.start(1)
        if kind == "line of .netrc" or kind in LOOSE:
            real = not stands_in(value.replace("/", "")) and not EXPRESSION.search(value)
        elif kind == "authorization header":
            real = opaque(value) or _basic(value)
        elif kind == "password in a URL":
            real = password(value, 6) or opaque(value, 8) or _hexes(value) or _scrambled(value)
        elif kind in PLAIN:
            real = password(value, 6) or opaque(value)
        else:
            real = opaque(value)
        if real:
            yield start, start + len(value), kind


def _scrambled(value: str) -> bool:
    """Letters and digits as no name has them, in a place that is a password's."""
    if len(value) < 10 or not value.isalnum() or stands_in(value):
        return False
    return wordy(value) < (0.25 if value.islower() or value.isupper() else 0.5) and (
        value.islower() or value.isupper() or changes(value) > 0.3 * len(value)
    )


def _hexes(value: str) -> bool:
    return bool(HEX.fullmatch(value)) and len(value) >= 8 and not value.isdigit()


def _basic(value: str) -> bool:
    """`user:password` in base64, and none that only stands for one."""
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    user, colon, word = plain.decode("latin-1").partition(":")
    return bool(colon) and user.isprintable() and not stands_in(word) and word != user


# --- key blocks ---

MOST_KEY = 20_000


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Private keys as they stand in files, behind comment marks and in strings too. One that is
    cut off ends with the last line that looks like one of a key."""
    if "BEGIN " not in text and "PuTTY-User" not in text:
        return
    begins = list(BEGIN.finditer(text))
    for number, begin in enumerate(begins, 1):
        start = begin.end()
        most = min(len(text), start + MOST_KEY)
        most = min(most, begins[number].start()) if number < len(begins) else most
        end = END.search(text, start, most)
        stop = end.end() if end else most
        bodies = [m for m in BODY.finditer(text, start, stop) if wordy(m[0]) < 0.5]
        if not bodies or bodies[0].start() - start > (1_000 if end else 200):
            continue
        if end is None:
            stop, at = bodies[0].end(), bodies[0].end()
            for body in bodies[1:]:
                if body.start() - at > 80:
                    break
                stop = at = body.end()
        yield begin.start(), stop, "private key"


# --- by name ---


def _named(text: str) -> Iterator[tuple[int, int, str]]:
    last = 0
    for name in _names(text):
        if name.start() < last:
            continue
        found = VALUE.match(text, name.end())
        if found is None:
            continue
        value = found["value"].partition("</")[0]
        quoted = bool(found["quote"])
        in_url = "&" in value and text[max(0, name.start() - 60) : name.start()].rfind("?") >= 0
        if in_url:
            value = value.partition("&")[0]
        if not quoted:
            value = re.split(r";(?=\s|$|\w+=)", value)[0].rstrip(",;)}]>.*")
        bare = not found["op"].strip()
        if found["op"].strip() in (",", "(") and not quoted:
            continue
        passes = bool(PASS.search(name[0]))
        if bare and not (passes and classes(value) >= 3 and password(value)):
            continue
        if UUID.fullmatch(value):
            continue
        if EXPRESSION.search(value) and "base64:" not in value and not scattered(value):
            continue
        if text.startswith(("...", "…", "("), found.start("value") + len(value)):
            continue
        real = password(value) if passes else opaque(value) or _machine(value)
        if real or scattered(value):
            last = found.start("value") + len(value)
            yield found.start("value"), last, "password" if passes else GENERIC


def _names(text: str) -> Iterator[re.Match[str]]:
    """The telling names, in order; searched for only around their roots."""
    flat, places = text.lower(), set()
    if len(flat) != len(text):
        yield from NAME.finditer(text)
        return
    for root in ROOTS:
        at = flat.find(root)
        while at >= 0:
            places.add(at)
            at = flat.find(root, at + 1)
    last = 0
    for at in sorted(places):
        found = NAME.search(text, max(last, at - 14), at + 16)
        if found is not None:
            last = found.end()
            yield found


def _machine(value: str) -> bool:
    """A value with signs that no name has: of a secret, told by its name."""
    return len(value) >= 12 and classes(value) == 4 and password(value)


# --- by neighbourhood ---


def _tokens(text: str) -> Iterator[tuple[int, int, str]]:
    for match in TOKEN.finditer(text):
        token = match[0].rstrip(".")
        if len(token) < 20 and not DIGIT.search(token):
            continue
        if text.endswith("](", 0, match.start()) and _FILE.fullmatch(token):
            continue
        if text.endswith(("<", "</"), 0, match.start()) and _OURS.fullmatch(token):
            continue
        yield from _token(text, token, match.start())


_OURS = pattern(r"/?(?:PLUGIN-DATA|DRAFT|CHANGES)-[0-9a-f]{16}")  # the tags round data in prompts
_FILE = pattern(r"\.{1,2}/[\w./-]+\.[a-z]{1,5}")  # what a link leads to


def _token(text: str, token: str, start: int) -> Iterator[tuple[int, int, str]]:
    end, at = start + len(token), start
    if _begins(token) or (len(token) > 50 and WHOLE.fullmatch(token)):
        yield start, end, _service(token)
        return
    for piece in token.split("/") if "/" in token else ():
        if _begins(piece):
            yield at, at + len(piece), _service(piece)
            return
        at += len(piece) + 1
    uuid = bool(UUID.fullmatch(token))
    if not uuid and not is_mixed(token.strip("="), 10):
        return
    if 50 < len(token) < 53 and WIF.fullmatch(token) and not stands_in(token):
        yield start, end, "wallet key"
        return
    if text.startswith(("...", "…", "("), end):
        return  # cut off, or a call
    left = text[max(text.rfind("\n", 0, start) + 1, start - 200) : start]
    word = OPEN.split(left)[-1]
    in_url = "://" in word or (word.endswith(":") and token.startswith("//"))
    if in_url and not QUERY.search(word):
        return
    if _beside(text, left, word, start, token, uuid, in_url) and (uuid or not stands_in(token)):
        yield start, end, GENERIC


def _service(token: str) -> str:
    fits = [prefix for prefix in SERVICES if token.startswith(prefix)]
    return SERVICES[max(fits, key=len)] if fits else "token of a service"


DIGEST = pattern(r"[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
"""A hash of something, which some service's tokens begin like."""


def _begins(piece: str) -> bool:
    if not piece.startswith(PREFIXES) or DIGEST.fullmatch(piece):
        return False
    prefix = max((p for p in PREFIXES if piece.startswith(p)), key=len)
    rest = piece[len(prefix) :]
    if stands_in(rest) or any(known in piece for known in DOCUMENTED):
        return False
    if len(prefix) <= 3:  # says little: the rest has to be long and of one piece
        if prefix in ("SK", "AC"):
            return bool(re.fullmatch(r"[0-9a-fA-F]{32}", rest)) and any(c.isdigit() for c in rest)
        if prefix in ("sk-", "fc-"):
            return len(rest) >= 20 and any(c.isdigit() for c in rest) and wordy(rest) < 0.45
        if prefix in ("hf_", "r8_"):
            return len(rest) >= 30 and wordy(rest) < 0.5
        if prefix in ("SG.", "AQ.", "sl.", "t1."):
            return len(rest) >= 40 and opaque(rest)
        if prefix == "cio":
            return len(rest) == 32 and rest.isalnum() and opaque(rest)
        return False
    if prefix in ("AKIA", "ASIA", "ABIA", "ACCA"):
        return len(rest) == 16 and rest.isalnum() and rest.upper() == rest
    if rest.isdigit() or len(rest) < 14:
        return False
    if HEX.fullmatch(rest.replace("-", "")) and sum(c.isdigit() for c in rest) >= 3:
        return True
    numbered = digits(rest) > 0
    return opaque(rest) or (wordy(rest) < 0.4 and (numbered or prefix == "api_org_"))


def _beside(
    text: str, left: str, word: str, start: int, token: str, uuid: bool, in_url: bool
) -> bool:
    """Does what stands before the token, or just behind it, say that it is a secret?"""
    near, end = left[-BEFORE:], start + len(token)
    if re.fullmatch(r"\s*(?:[-*]\s*)?[\"']?value[\"']?\s*[:=]\s*[\"'`]?", left):
        line = text.rfind("\n", 0, start)
        near = text[text.rfind("\n", 0, max(line, 0)) + 1 : line]  # `- name: TOKEN`, then its value
    if in_url:
        near = re.split(r"[?&;]|#(?=\w+=)", word)[-1]
    assigned = bool(ASSIGNED.search(left))
    words = [w.lower() for w in SEGMENT.findall(near)][-9:]
    tells = max((i for i, w in enumerate(words) if _tells(w)), default=-1)
    calms = max((i for i, w in enumerate(words) if w in HARMLESS), default=-1)
    if words[-3:-1] == ["public", "key"] or words[-2:] == ["public", "key"]:
        return False
    if "@sha" in word or re.search(r"sha\d+[:-]$", word) or word.endswith("#"):
        return False
    if tells > calms:
        return len(words) - tells <= 7 if not uuid else len(words) - tells <= 4
    if uuid or calms >= 0:
        return False
    right = SEGMENT.findall(text[end : end + 40].partition("\n")[0])[:5]
    if any(w.lower() in TELLING for w in right) and len(token) >= 16:
        return True
    core = token.strip("=")  # without a telling word, hex is more likely a digest
    return assigned and len(token) >= 20 and core.isalnum() and not HEX.fullmatch(core)


def _tells(word: str) -> bool:
    return word in TELLING or word.endswith(("key", "token", "secret", "password", "passwd"))


LEAST_NAME = 16
_RUN = pattern(r"[A-Za-z0-9]{12}")


@lru_cache(maxsize=8_192)
def is_called_by(path: str) -> str:
    """The kind of secret that a file, or a folder on its way, is called by; "" for none. No word
    announces it there, so that a digest counts, too; a UUID does not."""
    for name in path.split("/"):
        for _start, _end, kind in find(name):
            return kind
        for piece in name.split("."):
            long = len(piece) >= LEAST_NAME and _RUN.search(piece)
            if long and not UUID.fullmatch(piece) and opaque(piece, LEAST_NAME):
                return GENERIC
    return ""


def redact(text: str) -> tuple[str, int]:
    """The text with every secret replaced by a mark, and how many there were."""
    return redacted(text, tuple(find(text)))


def redacted(text: str, found: Sequence[tuple[int, int, str]]) -> tuple[str, int]:
    """`redact`, with what `find` has found in the text. What is left is looked at again: with its
    neighbour gone, something else may stand beside a telling word."""
    total = 0
    for _ in range(ROUNDS):
        if not found:
            break
        pieces: list[str] = []
        last = 0
        for start, end, _kind in found:
            pieces += [text[last:start], MARK]
            last = end
        text, total = "".join([*pieces, text[last:]]), total + len(found)
        found = tuple(find(text))
    return text, total


def secret(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No secret: tokens of the known services, private keys, passwords in URLs and assignments,
    opaque tokens beside a telling word."""
    for start, _end, kind in find(document.text):
        hint = "use a placeholder; if it was real, revoke it"
        yield Spot(f"looks like a secret: {kind}", *document.place(start), hint)
