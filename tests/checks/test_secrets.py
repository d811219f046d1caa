"""Secrets are found and redacted; what stands in for one is left alone."""

from __future__ import annotations

import json
import random

import pytest
from benchmarks import _credentials as credentials
from benchmarks import secrets

from nightpress.checks import redact
from nightpress.checks.secrets import MARK, is_called_by

# put together here, so that no scanner takes this file for a leak
SECRETS = [
    "AIza" + "SyD9tSrke72PouQMnMXa7eZSW0jkFMBWYhq",
    "GOCSPX-" + "n3Kq8Zp1Lw6Xc9Vb2Tm5Ra7Y",
    "AKIA" + "Q3EGRIHT6VLWZ7TK",
    "ghp_" + "a8Kd92mXq71LzPw04RtYv6BnHs35JcUe1fGo",
    "github_pat_" + "11AQZKDWM0aB3dE5fG7hI9_jK2lM4nO6pQ8rS0tU",
    "glpat-" + "x9Kq2Lz7Wm4Rt8Yv1Bn5",
    "sk-ant-" + "api03-Zk3Qp8Lw5Xc2Vb7Nm1Ra9Ts4Yu6Io",
    "sk-proj-" + "Zk3Qp8Lw5Xc2Vb7Nm1Ra9Ts4Yu6Io0Pd",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "npm_" + "Zk3Qp8Lw5Xc2Vb7Nm1Ra9Ts4Yu6Io0PdEfGh",
    "pypi-" + "AgEIcHlwaS5vcmcCJGQ4ZTc2Njk5LTQ0YjItNDk5Ni1hM2E3LTk5",
    "xoxb-" + "817263549081-827364519283-Kq8Zp1Lw6Xc9Vb2Tm5Ra7Y4s",
    "eyJhbGciOiJFUzI1NiJ9." + "eyJpc3MiOiJ0aWRlcyIsImV4cCI6MTc2fQ." + "Zk3Qp8Lw5Xc2Vb7Nm1Ra",
    "SG." + "n3Kq8Zp1Lw6Xc9Vb2Tm5Ra." + "Zk3Qp8Lw5Xc2Vb7Nm1Ra9Ts4Yu6Io0PdEfGhJkLmN1q",
]


@pytest.mark.parametrize("value", SECRETS, ids=lambda v: v[:8])
@pytest.mark.parametrize("around", ["{}", 'key = "{}"', "export K={}", "use `{}` here.", "- {}\n"])
def test_a_secret_is_redacted_whatever_stands_around_it(value: str, around: str) -> None:
    text, count = redact("before\n" + around.format(value) + "\nafter")
    assert value not in text and MARK in text and count == 1
    assert text.startswith("before\n") and text.endswith("\nafter")


def test_passwords_and_keys_are_redacted() -> None:
    key = "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0B\n" * 4
    text, count = redact(
        "a postgres://tide:k8Wq2zR9@gauge.local/db\n"
        'b password = "k8Wq2zR9pL4x"\n' + key + "-----END PRIVATE KEY-----\nend"
    )
    assert count == 3
    assert "k8Wq2zR9" not in text and "MIIE" not in text and text.endswith("\nend")
    assert "postgres://tide:" in text and "@gauge.local/db" in text


@pytest.mark.parametrize(
    "text",
    [
        "AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        'api_key = "your-api-key-here-please"',
        'token: "${{ secrets.GITHUB_TOKEN }}"',
        "postgres://user:password@host:5432/app",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 4f1b2b0b822cd15d6c15b0f00a089f86d0818849",
        '"telling":"4b1d1b0b822cd15d6c15b0f00a089f86d08188494f1b2b0b822cd15d6c15b0f0"',
        "550e8400-e29b-41d4-a716-446655440000",
        "https://example.com/a/very/long/path/that/goes/on/2026/11/23/index.html",
        "sk-learn-and-other-libraries-of-python",
        '<PLUGIN-DATA-8eafc70dc1e40303 path="commands/auth-token.md">',
    ],
)
def test_no_secret(text: str) -> None:
    assert redact(text) == (text, 0)


def test_of_the_published_kinds_98_per_cent_are_caught_in_every_position() -> None:
    recall, missed = secrets.recall(range(7, 8))
    for name, positions in recall.items():
        for position, share in positions.items():
            assert share >= 97, (name, position, [m for m in missed if m["position"] == position])


def test_what_only_looks_alike_is_left_alone() -> None:
    assert secrets.harmless(3) == []


def test_a_key_behind_comment_marks_goes_as_a_whole() -> None:
    text, lines = credentials.block("rsa-private-key", random.Random(5))
    commented = "".join(f"  // {line}\n" for line in text.split("\n"))
    redacted, count = redact(f"a\n{commented}b\n")
    assert count == 1 and not any(line in redacted for line in lines)
    assert redacted.startswith("a\n") and redacted.endswith("b\n")


def _random(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(size))


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(
    "form",
    [
        'password = "{}"', "a\nAPI_TOKEN: '{}'\nb", 'curl -H "X-Api-Key: {}"',
        'curl -u "app:{}" https://x.example',
    ],
)  # fmt: skip
def test_a_secret_in_a_text_that_is_escaped_is_one(form: str, depth: int) -> None:
    """JSON within JSON, as in a hook's command or a document's example."""
    rng, left = random.Random(f"{form} {depth}"), []
    for _ in range(200):
        value = _random(rng, LETTERS, 8) + "!" + _random(rng, "0123456789", 6)
        text = form.format(value)
        for _ in range(depth):
            text = json.dumps({"text": text})
        if value in redact(text)[0]:
            left.append(text)
    assert len(left) <= 4, left[:3]  # 98 %


def test_a_password_in_a_url_needs_no_digit() -> None:
    rng, left = random.Random(4), []
    for _ in range(400):
        value = _random(rng, LETTERS, 16)
        text = f"Call it with postgres://app:{value}@db.internal:5432/prod\n"
        if value in redact(text)[0]:
            left.append(value)
    assert len(left) <= 8, left
    for word in ("postgres", "localPassword", "changeThisOne", "someLongerWord", "MyDatabase"):
        text = f"postgres://app:{word}@db.internal/prod"
        assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    "name",
    ["Zk3qWv9TbX1mLr7YpN5sDf8HjC2aGu4E.md", "keys/9f3c61d0b7e842a5f0c96e3db184a72f", SECRETS[0],
     "q8Zk3qWv9TbX1mLr7YpN/README.md", "scripts/run-Zk3qWv9TbX1mLr7YpN5s-_x.py"],
)  # fmt: skip
def test_a_file_may_be_called_by_a_secret(name: str) -> None:
    assert is_called_by(f"docs/{name}")


@pytest.mark.parametrize(
    "name",
    ["README.md", "2026-11-29T10-30-00-session.md", "123e4567-e89b-42d3-a456-426614174000.json",
     "libatinject-jsr330-api-java.md", "OAuth2AuthorizationCodeFlow.md", "lodash.4.17.21.min.js",
     "jcl-over-slf4j-1.7.32.pom", "internationalization-guidelines.md"],
)  # fmt: skip
def test_an_ordinary_name_is_no_secret(name: str) -> None:
    assert not is_called_by(f"skills/api-key-rotation/{name}")


def test_a_key_with_brackets_in_it_is_one() -> None:
    """As Django makes them: small letters, digits and signs, in no order."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)"
    rng, kept = random.Random("django"), 0
    for _ in range(300):
        key = "".join(rng.choices(signs, k=50))
        kept += key in redact(f'SECRET_KEY = "{key}"')[0]
    assert kept <= 6


@pytest.mark.parametrize(
    "text",
    ['token = (a&0xff)^(b<<8)|(c*31)%997', 'secret = hmac.new(key,msg,sha256).hexdigest()',
     'password: ^(?=.*[a-z])(?=.*[@$!%*?&])[A-Za-z0-9@$!%*?&]{8,}$',
     'api_key = f"{prefix}_{uuid4().hex[:8]}_{int(time.time()*1000)%97}"'],
)  # fmt: skip
def test_an_expression_is_no_key(text: str) -> None:
    assert redact(text) == (text, 0)


def test_the_file_that_a_link_leads_to_is_no_key() -> None:
    path = "../../plugins/03-cryptography/agents/crypto-expert.md"
    assert redact(f"| [`token-pilot`]({path}) | Keeper of keys |")[1] == 0
    assert redact("the token `Zq8vX2mK4pL9wT7yB3nR5cD1`")[1] == 1
