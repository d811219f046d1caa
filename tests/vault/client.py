"""A process that backs up, to be killed: python client.py PROJECT VAULT [STATE]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from msgspec.structs import replace

from nightpress.storage.hrana import Hrana
from nightpress.vault import LocalPlace, Place, RemotePlace, Source, backup
from tests.vault.tree import described


def main(root: str, vault: str) -> None:
    place: Place
    if "://" in vault:
        place = RemotePlace(Hrana(vault, os.environ["TURSO_AUTH_TOKEN"]))
    else:
        place = LocalPlace(Path(vault))
    source: Source = replace(described(Path(root)), state=Path(root) / ".nightpress")
    print("ready", flush=True)
    backup(source, place)
    place.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
