"""Secrets in text: found with detect-secrets and our own patterns; redacted before a prompt leaves.

detect-secrets missed 6 of 16 samples (an unquoted `AIza...` among them) and its keyword detector
costs more than all our checks together, so its token detectors are used on the whole text and the
patterns below fill the gaps.
"""

from __future__ import annotations

import importlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.prefilter import guarded, matches
from nightpress.lazy import pattern

SK = "API key (sk-)"
BARE = "password without quotes"
# the last group, if any, is the secret itself; case counts
PATTERNS = (
    guarded("aiza", r"\bAIza[0-9A-Za-z_-]{35}", "Google API key", 0),
    guarded("aq.", r"\bAQ\.[0-9A-Za-z_-]{40,}", "Google API key", 0),
    guarded("ya29.|1//0", r"\b(?:ya29\.|1//0)[0-9A-Za-z_-]{30,}", "Google OAuth token", 0),
    guarded("gocspx-", r"\bGOCSPX-[0-9A-Za-z_-]{20,}", "Google OAuth secret", 0),
    guarded("akia|asia|agpa|aroa", r"\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{16}\b", "AWS access key", 0),
    guarded(
        "ghp_|gho_|ghu_|ghs_|ghr_|github_pat_",
        r"\b(?:gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{22,})",
        "GitHub token",
        0,
    ),
    guarded("glpat-", r"\bglpat-[0-9A-Za-z_-]{20,}", "GitLab token", 0),
    guarded("sk-", r"\bsk-(?:[a-z]{2,8}-)?[0-9A-Za-z_-]{20,}", SK, 0),
    guarded("k_live_|k_test_", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}", "Stripe key", 0),
    guarded("npm_", r"\bnpm_[0-9A-Za-z]{30,}", "npm token", 0),
    guarded("pypi-", r"\bpypi-[0-9A-Za-z_-]{40,}", "PyPI token", 0),
    guarded("xox", r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}", "Slack token", 0),
    guarded(
        "hf_|gsk_|r8_|dop_v1_|lin_api_|dckr_pat_|ntn_|secret_|xai-|sbp_",
        r"\b(?:hf_[0-9A-Za-z]{30,}|gsk_[0-9A-Za-z]{40,}|r8_[0-9A-Za-z]{30,}|dop_v1_[0-9a-f]{64}"
        r"|lin_api_[0-9A-Za-z]{32,}|dckr_pat_[\w-]{20,}|(?:ntn_|secret_)[0-9A-Za-z]{40,}"
        r"|xai-[0-9A-Za-z]{40,}|sbp_[0-9a-f]{40})",
        "token of a service",
        0,
    ),
    guarded(
        "shpat_|shpca_|shppa_|shpss_|dapi|key-|hvs.|hvb.",
        r"\b(?:shp(?:at|ca|pa|ss)_[0-9a-f]{32}|dapi[0-9a-f]{32}|key-[0-9a-f]{32}"
        r"|hv[sb]\.[\w-]{24,})",
        "token of a service",
        0,
    ),
    guarded(":aa", r"\b\d{8,10}:AA[\w-]{30,35}\b", "Telegram bot token", 0),
    guarded(
        "secret_access_key|secretaccesskey",
        r"secret_?access_?key[\"']?\s*[=:]\s*[\"']?([0-9A-Za-z/+]{40})\b",
        "AWS secret key",
    ),
    guarded("bearer", r"\bbearer\s+([0-9A-Za-z._~+/-]{24,})", "bearer token"),
    guarded(
        "eyj",
        r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}",
        "JSON Web Token",
        0,
    ),
    guarded(
        "private key",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----\s*[0-9A-Za-z+/=\s\\]{32,}"
        r"(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?",
        "private key",
        0,
    ),
    guarded(
        "://",
        r"://(?P<user>[^\s/:@\"'<>`\[\]\\^*|]{0,80})"
        r":((?!(?P=user)@)[^\s/@\"'<>`\[\]\\^*|]{6,200})"
        r"@(?!localhost|127\.|0\.0\.0\.0|host\b|db\b|[\w.-]*example)",
        "password in a URL",
        0,
    ),
    guarded(
        "password|passwd|pwd|secret|token|api_key|api-key|apikey|access_key|access-key|accesskey",
        r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key)"
        r"[\"']?\s*[:=]\s*[\"']([^\s\"'`]{12,120})[\"']",
        "password",
    ),
    guarded(
        "password|passwd|pwd|secret|token|api_key|api-key|apikey|access_key",
        r"(?:password|passwd|pwd|secret|token|api[_-]?key|access_key)[ \t]*[:=][ \t]*"
        r"([0-9A-Za-z+/_=-]{12,120})(?=\s|$)",
        BARE,
    ),
)
DETECTORS = (
    "artifactory.ArtifactoryDetector aws.AWSKeyDetector azure_storage_key.AzureStorageKeyDetector"
    " discord.DiscordBotTokenDetector github_token.GitHubTokenDetector"
    " gitlab_token.GitLabTokenDetector jwt.JwtTokenDetector mailchimp.MailchimpDetector"
    " npm.NpmDetector openai.OpenAIDetector pypi_token.PypiTokenDetector"
    " sendgrid.SendGridDetector slack.SlackDetector square_oauth.SquareOAuthDetector"
    " stripe.StripeDetector telegram_token.TelegramBotTokenDetector twilio.TwilioKeyDetector"
).split()
DUMMY = pattern(
    r"example|placeholder|your|dummy|sample|changeme|redacted|secret|password|passwd|replace|insert"
    r"|fake|test-?key|p@ss|pass\d|abc123|xxxx|eyJzdWIiOiIxMjM0NTY3ODkw|\*\*\*|\.\.\.|…|0000|1234567890|abcdefg|\$\{|\$\(|\{\{|<|>|process\.env"
    r"|os\.environ|%[sd]|^\$|env[.(]",
    re.I,
)
TOKEN = pattern(r"[\w.:+/=-]{20,}")  # every token that the detectors know is as long
AROUND = 1_000  # characters of a line on either side: some detectors take quadratic time
MARK = "[REDACTED]"


@lru_cache(maxsize=1)
def _detectors() -> tuple[tuple[str, Callable[[str], Iterable[object]]], ...]:
    """detect-secrets' token detectors, loaded when the first text is looked at (0.25 s)."""
    detectors: list[tuple[str, Callable[[str], Iterable[object]]]] = []
    for name in DETECTORS:
        module, _, cls = name.partition(".")
        plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), cls)()
        detectors.append((plugin.secret_type, plugin.analyze_string))
    return tuple(detectors)


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each secret, in order, not overlapping. What plainly stands in for a
    secret (`your-key`, `${TOKEN}`, `xxxx`) is none."""
    spans: list[tuple[int, int, str]] = []
    for match, kind in matches(PATTERNS, text):
        group = match.re.groups
        if _real(match[group], kind):
            spans.append((match.start(group), match.end(group), kind))
    tokens = _tokens(text)
    for kind, detect in _detectors() if tokens else ():
        for value in set(detect(tokens)):
            if isinstance(value, str) and len(value) >= 12 and _real(value, kind):
                spans += [(m.start(), m.end(), kind) for m in re.finditer(re.escape(value), text)]
    last = -1
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            yield start, end, kind
            last = end


def _tokens(text: str) -> str:
    """The lines that hold a long token with a digit: only there has a detector to look."""
    lines: list[str] = []
    end = -1
    for token in TOKEN.finditer(text):
        start = token.start()
        if start >= end and any(c.isdigit() for c in token[0]):
            end = text.find("\n", token.end())
            end = min(len(text) if end < 0 else end, start + AROUND)
            lines.append(text[max(text.rfind("\n", 0, start) + 1, start - AROUND) : end])
    return "\n".join(lines)


def _real(value: str, kind: str) -> bool:
    if kind == "private key":
        return True
    if DUMMY.search(value.removeprefix("secret_")):
        return False
    if kind == SK and not any(c.isdigit() for c in value):
        return False  # a name in kebab case
    if kind in (BARE, "bearer token"):
        # a name, an expression or a digest is none: of each kind of character some
        kinds = (str.isupper, str.islower, str.isdigit)
        return _entropy(value) >= 3.4 and all(sum(map(k, value)) >= 2 for k in kinds)
    if kind == "password":
        return _entropy(value) >= 3.2 and any(c.isdigit() for c in value) and "://" not in value
    return _entropy(value) >= 2.3


def _entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def redact(text: str) -> tuple[str, int]:
    """The text with every secret replaced by a mark, and how many there were."""
    pieces: list[str] = []
    last = count = 0
    for start, end, _ in find(text):
        pieces += [text[last:start], MARK]
        last = end
        count += 1
    return "".join([*pieces, text[last:]]), count


def secret(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No secret: tokens of the known services, private keys, passwords in URLs and assignments
    (detect-secrets and our own patterns)."""
    for start, _end, kind in find(document.text):
        hint = "use a placeholder; if it was real, revoke it"
        yield Spot(f"looks like a secret: {kind}", *document.place(start), hint)
