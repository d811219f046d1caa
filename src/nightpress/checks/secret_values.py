"""What a value looks like: made at random, chosen as a password, or standing in for a secret.

Measures of one value, whatever stands around it; `secrets` asks where it stands.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

from nightpress.checks.secret_shapes import (
    ADDRESS,
    DATED,
    DOCUMENTED,
    DUMMY,
    EXPRESSION,
    HEX,
    NUMBERED,
    PAIRS,
    SEQUENCE,
)
from nightpress.lazy import pattern

SMALL = frozenset("abcdefghijklmnopqrstuvwxyz")
_ASCII = {
    **dict.fromkeys(range(ord("A"), ord("Z") + 1), "U"),
    **dict.fromkeys(range(ord("a"), ord("z") + 1), "l"),
    **dict.fromkeys(range(ord("0"), ord("9") + 1), "d"),
    **{ord(c): "." for c in map(chr, range(128)) if not c.isalnum()},
}


@lru_cache(maxsize=256)
def shape(value: str) -> str:
    """The value with `U` for each capital, `l` for a small letter, `d` for a digit, `a` for another
    letter and `.` for a sign: what is counted of it is counted here, and without a loop."""
    return value.translate(_ASCII) if value.isascii() else "".join(map(_kind, value))


def _kind(character: str) -> str:
    if character.isalpha():
        return "U" if character.isupper() else "l" if character.islower() else "a"
    return "d" if character.isdigit() else "."


def letters(value: str) -> int:
    return len(value) - shape(value).count("d") - shape(value).count(".")


def digits(value: str) -> int:
    return shape(value).count("d")


def mixed(value: str) -> int:
    """How often a capital stands beside a small letter."""
    return _pairs(shape(value), "Ul")


def turns(value: str) -> int:
    """How often a letter follows a digit, or a digit a letter."""
    return _pairs(shape(value).replace("U", "l").replace("a", "l"), "ld")


def changes(value: str) -> int:
    """How often the kind of character changes between capitals, small letters and digits."""
    kinds = shape(value)
    return _pairs(kinds, "Ul") + _pairs(kinds, "Ud") + _pairs(kinds, "ld")


def _pairs(kinds: str, two: str) -> int:
    return kinds.count(two) + kinds.count(two[::-1])


def wordy(value: str) -> float:
    """Share of neighbouring letters that words are made of: above 0.5 in names, 0.2 at random."""
    pairs = [a + b for a, b in itertools.pairwise(value.lower()) if a in SMALL and b in SMALL]
    return sum(map(PAIRS.__contains__, pairs)) / len(pairs) if len(pairs) > 2 else 0.0


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    shares = [value.count(c) / len(value) for c in set(value)]
    return -math.fsum(share * math.log2(share) for share in shares)


def classes(value: str) -> int:
    """How many of lower case, upper case, digits and signs there are."""
    kinds = shape(value)
    signs = any(not c.isalnum() and c not in "_-./" for c in value)
    return ("l" in kinds) + ("U" in kinds) + ("d" in kinds) + signs


def stands_in(value: str) -> bool:
    """A placeholder, or a key out of a manual."""
    if DUMMY.search(value) or any(known in value for known in DOCUMENTED):
        return True
    if SEQUENCE.search(value) and (len(value) < 40 or "xxxx" in value.lower()):
        return True
    characters = set(value)
    return len(characters) <= 4 or max(map(value.count, characters)) > len(value) * 0.6


def opaque(value: str, least: int = 10) -> bool:
    """Made at random: no name, no path, no version, no number."""
    return is_mixed(value.strip("="), least) and not stands_in(value)


def is_mixed(core: str, least: int) -> bool:
    if len(core) < least or core.isdigit():
        return False
    alphas, numbers = letters(core), digits(core)
    if alphas < 4 and not HEX.fullmatch(core):
        return False
    if alphas < 2 or ("/" in core and len(core) < 24) or ADDRESS.fullmatch(core):
        return False
    if entropy(core) < min(2.5, math.log2(len(core)) * 0.75):
        return False
    if HEX.fullmatch(core.replace("-", "")) or HEX.fullmatch(core[-32:]):
        return numbers >= 2
    if numbers >= 3 and turns(core) > 0.28 * len(core):
        return True
    if changes(core) > 0.5 * len(core) and wordy(core) < 0.62:
        return True
    most = 0.45 if len(core) >= 20 else 0.4
    if numbers == 0:  # letters alone: in both cases, and no words
        return len(core) >= 20 and mixed(core) > len(core) * 0.38 and wordy(core) < most
    rest = DATED.sub("", core)
    if rest != core and (wordy(rest) > 0.3 or not digits(rest)):
        return False
    if NUMBERED.fullmatch(core):
        return False
    if core.isupper() or core.islower():
        least_digits = 2 if len(core) < 20 or wordy(core) > 0.25 else 1
        return numbers >= least_digits and wordy(core) < most and "--" not in core
    return wordy(core) < most


def password(value: str, least: int = 8) -> bool:
    """What somebody, or a machine, chose as a password; told by its place."""
    if len(value) < least or stands_in(value) or EXPRESSION.search(value):
        return False
    kinds = classes(value)
    signs = any(c in "!#%&*^?@$+~" for c in value)
    numbers = digits(value)
    if not (numbers or signs) or value.replace(".", "").replace(",", "").isdigit():
        return False
    if signs and kinds >= 3 and numbers:
        return wordy(value) < 0.8 or numbers >= max(4, len(value) // 2 - 1)
    if signs and kinds >= 3 and not value.endswith(("!", "?")):
        return wordy(value) < 0.5
    return (numbers > 0 and kinds >= 2 and opaque(value)) or (kinds >= 3 and wordy(value) < 0.45)


_WORD = pattern(r"[A-Za-z]{11}")
_ODD = frozenset("!@#%^&*+=")


def scattered(value: str) -> bool:
    """Letters, digits and signs in no order, brackets among them: a key as Django makes it, and
    no expression, whose signs stand between words."""
    signs = {c for c in value if not c.isalnum()}
    if len(value) < 24 or len(signs) < 4 or len(signs & _ODD) < 2 or _WORD.search(value):
        return False
    runs = sum(a != b for a, b in itertools.pairwise(shape(value)))
    return digits(value) > 1 and runs > 0.35 * len(value) and not stands_in(value)
