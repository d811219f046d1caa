"""Names that say that a file holds secrets: such a file is no source, and travels nowhere.

By rule first (a telling word in the name of a data file, a tool's history, a key's format, a folder
that tools keep keys in), then the names that programs have chosen. A project adds its own with
`secret_names`; `!pattern` takes one out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase, translate
from functools import lru_cache

from nightpress.lazy import pattern

WORDS = frozenset(
    "secret secrets credential credentials creds cred password passwords passwd passphrase apikey"
    " apikeys keyring keychain vaultpass serviceaccount privatekey secretkey accesskey masterkey"
    " authtoken accesstoken kubeconfig htpasswd".split()
)
PAIRED = frozenset(
    {
        ("api", "key"), ("api", "keys"), ("service", "account"), ("private", "key"),
        ("access", "key"), ("access", "token"), ("auth", "token"), ("master", "key"),
        ("signing", "key"), ("encryption", "key"), ("secret", "key"), ("vault", "pass"),
        ("oauth", "token"), ("client", "secret"), ("deploy", "key"), ("firebase", "adminsdk"),
    }
)  # fmt: skip
"""Words that tell only together."""
DATA = frozenset(
    "json json5 jsonc yaml yml toml ini env txt cfg conf config xml properties plist csv tsv db"
    " sqlite sqlite3 enc dat bak old b64 asc gpg pgp age key pem list local".split()
)
"""Endings of files that hold values; `secrets.md` and `password-reset.ts` speak of them."""
ENDINGS = (
    ".pem", ".key", ".p12", ".pfx", ".p8", ".jks", ".keystore", ".truststore", ".bks", ".ppk",
    ".kdb", ".kdbx", ".agekey", ".ovpn", ".gpg", ".pgp", ".tfstate", ".tfstate.backup", ".tfvars",
    ".tfvars.json", ".env", ".envrc", ".kubeconfig", ".mobileprovision", ".rdp", ".pgpass",
    ".keytab", ".htpasswd", ".dockerconfigjson", ".keychain", ".keychain-db", ".psafe3",
    ".agilekeychain", ".cookies", ".token", ".secret", ".secrets", ".pcap", ".rsa", ".dsa",
)  # fmt: skip
NAMES = (
    ".env", ".env.*", "env.local", ".flaskenv", ".dev.vars", ".dev.vars.*", "*.env.local",
    ".git-credentials", ".netrc", "_netrc", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc",
    ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".boto", ".s3cfg", ".dockercfg",
    ".terraformrc", "terraform.rc", ".vault-token", ".vault_pass*", ".wgetrc", ".curlrc",
    ".fetchmailrc", ".msmtprc", ".esmtprc", ".muttrc", ".htpasswd", ".smbcredentials",
    ".databrickscfg", ".snowsql", ".oci", ".ftpconfig", "sftp-config.json", ".sftp.json",
    "filezilla.xml", "sitemanager.xml", "recentservers.xml", "secring.*", "shadow", "master.key",
    "wallet.dat", "utc--*", "application_default_credentials.json", "gha-creds-*.json",
    "google-services.json", "googleservice-info.plist", "local.settings.json", "wp-config.php",
    "settings-security.xml", "cookies.txt", "cookies.sqlite", "login data", "logins.json",
    "key3.db", "key4.db", "token.json", "auth.json", "keys.json", "gcp-key*.json", "*-key.json",
    "id_*", "ssh_host_*_key", "kubeconfig*", "hosts.yml.secret", "gradle.properties",
    "connections.xml", "datasources.xml", "robomongo.json", ".tokens", ".credentials*",
    ".secret*", "*.mnemonic", "*.seed", ".rhosts", "terraform.tfvars*", "*.auto.tfvars*",
    "authinfo", ".authinfo*", "rclone.conf", "wg*.conf",
)  # fmt: skip
_NAMES = pattern("|".join(map(translate, NAMES)))
FOLDERS = frozenset(
    {
        ".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".gcloud", ".password-store",
        ".gem", ".chef", ".secrets", ".m2", ".oci", ".vault",
    }
)  # fmt: skip
"""Where tools keep keys; what is no document in them is not read. `secrets/` is another such one,
for data."""
HISTORY = pattern(r"\.?\w*_history|\.lesshst|\.viminfo|\.histfile")
PUBLIC = pattern(
    r".*[._-](?:example|sample|template|dist|tmpl|tpl|schema|default|defaults|stub)(?:\.\w+)?"
    r"|.*\.(?:pub|md|mdx|rst|markdown)|(?:example|sample|template)[._-].*"
)
"""What is there to be read: examples, public keys, documents."""
SEGMENT = pattern(r"[a-z0-9]+")


EXACTLY = "="
"""Begins a rule that is one path, and no pattern."""


@lru_cache(maxsize=8)
def _rules(own: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """(the paths that are named exactly, the patterns)."""
    exact = frozenset(rule[1:] for rule in own if rule.startswith(EXACTLY))
    return exact, tuple(rule for rule in own if not rule.startswith(EXACTLY))


@lru_cache(maxsize=8_192)
def is_secret(path: str, own: Sequence[str] = ()) -> bool:
    """Does the name say that the file holds secrets? own: the project's patterns; the last that
    fits decides, then a path that is EXACTLY named."""
    lower = path.lower()
    name = lower.rpartition("/")[2]
    exact, patterns = _rules(tuple(own))
    for rule in reversed(patterns):
        wanted = rule.removeprefix("!").lower()
        if fnmatchcase(lower if "/" in wanted else name, wanted):
            return not rule.startswith("!")
    if path in exact:
        return True
    if PUBLIC.fullmatch(name):
        return False
    if name.endswith(ENDINGS) or HISTORY.fullmatch(name):
        return True
    if _NAMES.match(name) and not _mapping(name):
        return True
    _stem, dot, ending = name.lstrip(".").rpartition(".")
    data = not dot or ending in DATA
    folders = lower.split("/")[:-1]
    if not FOLDERS.isdisjoint(folders) or (data and "secrets" in folders):
        return True
    return data and _tells(SEGMENT.findall(_spaced(path)))


def _mapping(name: str) -> bool:
    """`id_mapping.csv` is no key; `id_rsa` and `id_ed25519_sk` are."""
    return name.startswith("id_") and "." in name


def _spaced(path: str) -> str:
    """The name's words apart: `serviceAccountKey.json` has three."""
    name = path.rpartition("/")[2]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _tells(words: list[str]) -> bool:
    if not WORDS.isdisjoint(words):
        return True
    return any(pair in PAIRED for pair in itertools.pairwise(words))
