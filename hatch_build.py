"""What a package index is told that this checkout cannot say for itself: where its repository is.

A package index shows README.md away from the files that it links to, so its links are made
absolute, and the project's addresses are named. The address comes from the forge that builds
(GitHub, GitLab), else from the source distribution that a wheel is made from, else from git's
`origin`; where none of them knows one, README.md stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from email import message_from_string
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

ORIGIN = re.compile(
    r"(?:(?:https?|ssh)://(?:[^@/]*@)?|git@)([^/:@]+)(?::\d+/|[:/])([^@]+?)(?:\.git)?/?"
)
"""Of a forge, without a user's name and password."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


class Addresses(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        url, readme = repository(root), (root / "README.md").read_text(encoding="utf-8")
        if url:
            metadata["urls"] = {
                "Repository": url,
                "Documentation": f"{url}/blob/main/docs/index.md",
                "Changelog": f"{url}/blob/main/CHANGELOG.md",
                "Issues": f"{url}/issues",
            }
            readme = absolute(readme, url)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}


def absolute(text: str, url: str) -> str:
    """The text with each relative link to a file, and each picture, led to the repository."""
    return LINK.sub(
        lambda m: f"{m[1]}[{m[2]}]({url}/{'raw' if m[1] else 'blob'}/main/{m[3]})", text
    )


def repository(root: Path) -> str:
    """The address of the repository for a browser; "" where nothing names one."""
    named = os.environ.get("CI_PROJECT_URL") or "/".join(
        filter(None, map(os.environ.get, ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")))
    )
    if named.count("/") >= 4:
        return named
    held = root / "PKG-INFO"
    if held.is_file():
        told = message_from_string(held.read_text(encoding="utf-8")).get_all("Project-URL", [])
        return next((one.partition(", ")[2] for one in told if one.startswith("Repository, ")), "")
    if not shutil.which("git"):
        return ""
    command = ["git", f"--git-dir={root / '.git'}", "remote", "get-url", "origin"]
    origin = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    found = ORIGIN.fullmatch(origin)
    return f"https://{found[1]}/{found[2]}" if found else ""
