"""Which vault is meant: a URL, a file, or what the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nightpress.errors import UsageError
from nightpress.storage.hrana import Hrana
from nightpress.vault.local import LocalPlace
from nightpress.vault.place import Place
from nightpress.vault.remote import RemotePlace

URL = "TURSO_DATABASE_URL"
TOKEN = "TURSO_AUTH_TOKEN"  # noqa: S105  a variable's name

NOT_OFF_SITE = (
    "this vault is on this machine and not off-site: set TURSO_DATABASE_URL and TURSO_AUTH_TOKEN"
)


def project_vault(root: Path, environ: Mapping[str, str]) -> Place:
    """The project's vault: Turso if the environment names one, else `.nightpress/vault.db`."""
    url, token = environ.get(URL, "").strip(), environ.get(TOKEN, "")
    if url:
        return RemotePlace(Hrana(url, token))
    if token.strip():
        raise UsageError(f"{TOKEN} is set, but {URL} is not", "turso db show NAME --url")
    path = Path(".nightpress") / "vault.db"
    return LocalPlace(root / path, shown=path.as_posix())


def named_vault(text: str, environ: Mapping[str, str]) -> Place:
    """The vault that a user named, to read from it: a URL or a file."""
    if "://" in text:
        return RemotePlace(Hrana(text, environ.get(TOKEN, "")))
    return LocalPlace(Path(text), writable=False)
