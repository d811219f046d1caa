"""One project: where its parts lie, what its defaults say, and who writes.

Everything is opened at the first use, so that a null build pays for nothing that it does not need,
and a reading command creates nothing.
"""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec.structs import astuple, replace

from nightpress import __version__, backends, fingerprint, project, voice
from nightpress.errors import UsageError
from nightpress.ledger import Ledger, lockfile
from nightpress.model import Generator, Window
from nightpress.project import Defaults
from nightpress.project import writer as writers
from nightpress.storage import LOCK, RACY_NS, Index, private

STATE = ".nightpress"


class Project:
    """The project in `root`; options: the checked run-wide options; environ: for the keys;
    named: the plugins (`slug`) and enhancements (`slug/name`) that the user named; only_told: what
    would be done is told, and nobody asked."""

    def __init__(
        self,
        root: Path,
        options: Mapping[str, Any],
        environ: Mapping[str, str],
        clock: Any,
        named: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.options = options
        self.environ = environ
        self.clock = clock
        self.named = named
        self.only_told = False
        self.manifests = root / "manifests"
        self.state = root / STATE
        self.lock_path = root / "nightpress.lock"
        self.ledger_path = self.state / "ledger.db"
        self._generators: dict[str, Generator] = {}
        self._schemas: dict[str, str] = {}
        self._slugs: tuple[tuple[int, ...], list[str]] | None = None
        self._by_record = False

    @cached_property
    def defaults(self) -> Defaults:
        """The checked `_defaults.yaml`; UsageError with every problem if it is wrong.

        What was checked once is remembered by the file's very bytes: parser and validator are a
        third of a null build.
        """
        try:
            text = private.contents(self.root / project.FILE)
        except FileNotFoundError:
            return Defaults(self.root)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            told = f"{project.FILE} cannot be read: {error.strerror}"
            raise UsageError(told, "where there is none, nightpress init writes it") from None
        key = fingerprint.digest("defaults", version(), fingerprint.sha256(text))
        appraisal = self.index.appraisal(key)
        if appraisal is not None:
            values, *size = json.loads(appraisal)
            return Defaults(self.root, values, Window(*size))
        defaults, problems = project.load_defaults(self.root)
        errors = [p for p in problems if p.severity == "error"]
        if errors:
            raise UsageError("\n".join(str(problem) for problem in errors))
        self.index.keep_appraisal(key, json.dumps([defaults.values, *astuple(defaults.size)]))
        return defaults

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.ledger_path, self.clock.time)

    @cached_property
    def index(self) -> Index:
        folder = self._copied() if voice.is_dry() else self.state
        return Index(folder / "index.db", self.root)

    def _copied(self) -> Path:
        """A folder with a copy of the index, which a dry run does not change."""
        import shutil
        import tempfile

        self._aside = tempfile.TemporaryDirectory(prefix="nightpress-dry-")
        for part in self.state.glob("index.db*"):
            shutil.copy2(part, self._aside.name)
        return Path(self._aside.name)

    def slugs(self) -> list[str]:
        """Stems of the manifests that there are, sorted. Listed again where the folder changed."""
        try:
            status = self.manifests.stat()
            stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            if self._slugs is not None and self._slugs[0] == stamp:
                return list(self._slugs[1])
            names = os.listdir(self.manifests)  # noqa: PTH208 - no object for each of thousands
        except FileNotFoundError:
            return []
        pairs = (name.rpartition(".") for name in names)
        slugs = sorted(s for s, _, end in pairs if s and end in ("yaml", "yml") and s[0] != "_")
        if self.clock.time() * 1e9 - max(stamp[:2]) >= RACY_NS:
            self._slugs = (stamp, slugs)
        return list(slugs)

    def broken(self) -> list[str]:
        """What keeps a manifest from being read: of its YAML and its schema alone, so that it costs
        nothing where all is well."""
        from nightpress.project import yaml_read

        paths = (self.manifests / f"{slug}.yaml" for slug in self.slugs())
        found = (
            yaml_read.load(path, f"manifests/{path.name}", "manifest", self.index) for path in paths
        )
        return [str(p) for _, problems in found for p in problems if p.severity == "error"]

    def lock(self) -> lockfile.Lock:
        """The lock file as it stands; UsageError where a line of it is damaged."""
        return lockfile.read(self.lock_path, known=self.index.meta(LOCK))

    @property
    def has_ledger(self) -> bool:
        return self.ledger_path.exists()

    @property
    def holds_lost(self) -> bool:
        """Does a document wait for a person once a call of it was lost?"""
        return bool(self.values.get("lost_calls") == "hold")

    # --- generators and schemas: the project's own first, then the bundled ones ---

    def generator_folders(self) -> list[Path]:
        """Where generators are looked for, the strongest first."""
        return [self.root / "generators", project.bundled("generators")]

    def generator(self, kind: str) -> Generator:
        """The generator of a type; UsageError if there is none or it is wrong."""
        if kind not in self._generators:
            self._generators[kind] = self._load_generator(kind)
        return self._generators[kind]

    def _load_generator(self, kind: str) -> Generator:
        for folder in self.generator_folders():
            if (folder / kind / "generator.yaml").is_file():
                generator, problems = project.load_generator(folder / kind, self.index)
                errors = [p for p in problems if p.severity == "error"]
                if generator is None or errors:
                    raise UsageError("\n".join(str(problem) for problem in errors))
                return generator
        raise UsageError(
            f"unknown generator {kind!r}", f"known: {', '.join(self.generator_types())}"
        )

    def generator_types(self) -> list[str]:
        """Every type of enhancement there is (analysis is phase 1, no type of its own)."""
        types = {
            entry.parent.name
            for folder in self.generator_folders()
            for entry in folder.glob("*/generator.yaml")
        }
        return sorted(types - {"analysis"})

    def schema(self, name: str) -> str:
        """The text of `schemas/NAME.json`."""
        if name not in self._schemas:
            own = self.root / "schemas" / f"{name}.json"
            path = own if own.is_file() else project.bundled("schemas") / f"{name}.json"
            self._schemas[name] = path.read_text(encoding="utf-8")
        return self._schemas[name]

    # --- who writes ---

    @property
    def values(self) -> dict[str, Any]:
        """The defaults, with this run's options before them. base_url_of: the backend that the
        defaults name, whose server is at their `base_url`; none where they name no model's."""
        own = self.defaults.values.get("backend") or "auto"
        found = backends.BACKENDS.get(own)
        whose = {} if found is None or found.kind == "offline" else {"base_url_of": own}
        return {**self.defaults.values, **whose, **self.options}

    def writer(self, overrides: Mapping[str, Any] | None = None) -> writers.Writer:
        """The writer, by option, else the manifest's override, else the defaults."""
        values = {**self.values, **(overrides or {}), **self.options}
        name = values.get("backend") or "auto"
        if self._by_record:
            return self._recorded(name, values)
        return writers.choose(
            name, values, allowed_to_pay=self.may_pay, environ=self.environ,
            only_told=self.only_told,
        )  # fmt: skip

    def as_recorded(self) -> Project:
        """This project as its records have it: who writes follows from the settings and from the
        last run on record, never from the keys of this shell. For what only tells."""
        told = copy.copy(self)
        told._by_record = True
        return told

    @cached_property
    def last_writer(self) -> writers.Writer | None:
        """Who wrote in the last run that made something; None before the first."""
        from nightpress.ledger import totals

        run = totals.last_writer(self.ledger) if self.has_ledger else None
        if run is None:
            return None
        why = f"as in the run of {run.started[:16].replace('T', ' ')} UTC"
        return writers.Writer(run.backend, run.model, why, by_default=run.backend == "offline")

    def _recorded(self, name: str, values: Mapping[str, Any]) -> writers.Writer:
        if name != "auto":
            return writers.declared(name, values)
        if self.last_writer is None:
            why = "backend: auto, and there was no run yet"
            return writers.Writer("offline", "offline", why, by_default=True)
        model = values.get("model")
        if not model or self.last_writer.kind != "model":
            return self.last_writer
        knowing = backends.declaring(str(model))
        if knowing is None or knowing.name == self.last_writer.backend:
            return replace(self.last_writer, model=str(model))
        return self.last_writer

    def backend_settings(self, writer: writers.Writer) -> dict[str, Any]:
        """What the project says of a backend: the section of its name, and the base URL."""
        if writer.kind == "offline":
            return {}
        settings = backends.section(writer.backend, self.values)
        settings["writer"] = str(writer)
        settings["clock_speed"] = getattr(self.clock, "speed", 1.0)
        return settings

    @property
    def may_pay(self) -> bool:
        budget = self.defaults.values.get("budget") or {}
        paid = self.options.get("paid", self.defaults.values.get("paid", False))
        cost = self.options.get("max_cost", budget.get("max_cost"))
        return bool(paid) or bool(cost and cost > 0)

    def forces(self, slug: str, name: str) -> bool:
        """Did the user force just this enhancement? (`force=1` and its name, or its plugin's.)"""
        named = slug in self.named or f"{slug}/{name}" in self.named
        return bool(self.options.get("force")) and named

    # --- what everything depends on ---

    def key(self) -> str:
        """Digest of whatever is an ingredient of everything: the index holds under one key."""
        total = self._recipe()
        total.update(f"{self.writer()}{self.writer().by_default}".encode())
        total.update((self.ledger.identity() if self.has_ledger else "none").encode())
        return total.hexdigest()

    def recipe(self) -> str:
        """Digest of how documents are made here: whoever works for this project has the same."""
        return self._recipe().hexdigest()

    def _recipe(self) -> hashlib._Hash:
        total = hashlib.sha256(version().encode())
        for folder in (
            *self.generator_folders(),
            self.root / "schemas",
            project.bundled("schemas"),
        ):
            total.update(folder_digest(folder))
        for file in (self.manifests / "_defaults.yaml", self.root / ".gitignore"):
            data = file.read_bytes() if file.is_file() else b""
            total.update(b"%d:%s" % (len(data), data))
        return total

    def others(self) -> None:
        """The other plugins are asked for: a worker, which sees one alone, has to pass here."""


def no_manifests() -> UsageError:
    return UsageError("there is no manifests/ folder here", "nightpress init writes one")


def located(folder: str) -> Path:
    """The folder of a project, as the user named it; for "." the nearest one upwards, too.
    UsageError if there is none."""
    named = Path(folder)
    places = [named, *named.resolve().parents] if folder == "." else [named]
    for place in places:
        if (place / "manifests").is_dir() and (place is named or (place / "dodo.py").is_file()):
            return place
    here = "this folder" if folder == "." else folder
    if any((named / name).exists() for name in (".claude-plugin", "plugins", "skills", "commands")):
        raise UsageError(
            f"{here} is not a project yet: there is no manifests/ folder",
            "nightpress init makes one",
        )
    raise UsageError(
        f"{here} is not a project: there is no manifests/ folder, here or above",
        "cd into a project, or name it with --project FOLDER",
    )


def folder_digest(folder: Path) -> bytes:
    """Digest of names and contents of all files in a (small, trusted) folder."""
    total = hashlib.sha256()
    for base, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(base, name)
            total.update(f"{path.relative_to(folder)}\0".encode("utf-8", "surrogateescape"))
            with suppress(OSError):  # no regular file, which a FIFO would wait for: its name counts
                total.update(hashlib.sha256(private.contents(path)).digest())
    return total.digest()


def version() -> str:
    """As installed; importlib.metadata would take 5 ms for it."""
    return __version__
