"""What nightpress.lock says of a document: of an attempt that has just ended, or, where the file
lacks its line, of the ledger's row.
"""

from __future__ import annotations

from collections.abc import Mapping

from nightpress import fingerprint
from nightpress import project as contract
from nightpress.fingerprint import writer
from nightpress.ledger import RecordedAttempt, lockfile
from nightpress.model import Fingerprint, Status
from nightpress.pipeline import opposed
from nightpress.pipeline.attempts import Attempt, Draft
from nightpress.pipeline.publish import named_by
from nightpress.plan import content, followed, history, scope
from nightpress.plugin import sources
from nightpress.project import Project


def of_attempt(
    project: Project,
    attempt: Attempt,
    status: str,
    sha256: str,
    ingredients: Fingerprint,
    counted: Mapping[str, str],
    accepted: tuple[str, ...],
    draft: Draft | None,
) -> lockfile.Entry:
    """draft: what was published; None: what stands there was adopted."""
    state, plugin = attempt.state, attempt.plugin
    target = state.enhancement.target
    extends = ""
    if draft is not None:
        held = fingerprint.held(target, draft.text.encode("utf-8"))
        extends = opposed.extends(project, attempt, draft.text)
    else:
        held = plugin.files.get(target, (0, sha256))[1]
    return lockfile.Entry(
        attempt.item.id, state.target_path, sha256, status, str(state.writer),
        ingredients, accepted,
        extends=extends,
        witness="" if draft is None else draft.witness,
        normal="" if held == sha256 else held,
        linked=scope.linked(plugin, state, counted, attempt.standing),
        named=named_by(plugin.root, target, sha256, counted) if draft is None else {},
        own=() if draft is None else _own(
            project, attempt, draft.text, extends if extends != sha256 else ""
        ),
    )  # fmt: skip


def _own(project: Project, attempt: Attempt, text: str, extends: str) -> tuple[str, ...]:
    """Names of the fields of the document's frontmatter that are its author's; extends: the
    person's file that it goes back to, if it is another one."""
    persons = history.persons_text(project, extends) if extends else ""
    wanted = followed.fields(project, attempt.plugin.root, attempt.plugin.told)
    return followed.own(text, wanted, persons or "")


def of_row(project: Project, row: RecordedAttempt) -> lockfile.Entry:
    """The lock file's entry for a `published` or `adopted` row of the ledger."""
    extends, named = "", dict[str, str]()
    files = project.ledger.content(row.fingerprint["content"]) or {}
    if row.status == Status.PUBLISHED:
        extends = history.goes_back(project.ledger, row)
    else:
        named = named_by(project.root / row.plugin_path, row.target, row.content_sha256, files)
    return lockfile.Entry(
        job=row.job,
        target=row.target_path,
        sha256=row.content_sha256 or "",
        status=row.status,
        writer=writer(row.backend, row.model_requested),
        fingerprint=Fingerprint(**row.fingerprint),
        accepted=row.accepted,
        extends=extends,
        witness=extends or _before(project, row),
        named=named,
        own=_own_of_row(project, row),
        linked=content.linked(content.others(row.target, _skills(project, row)), files),
    )


def _before(project: Project, row: RecordedAttempt) -> str:
    first = history.original(project.ledger, row.job, row.target_path)
    return first.sha256 or "" if first is not None and row.status == Status.PUBLISHED else ""


def _own_of_row(project: Project, row: RecordedAttempt) -> tuple[str, ...]:
    """Of a document whose line is lost, whatever plugin.json does not say is its author's."""
    path = project.manifests / f"{row.slug}.yaml"
    manifest, _ = contract.load_manifest(path, project.defaults, project.index)
    if manifest is None or row.status != Status.PUBLISHED:
        return ()
    root = project.root / row.plugin_path
    text = sources.standing_text(root, row.target, row.content_sha256)
    return followed.own(text, followed.fields(project, root))


def _skills(project: Project, row: RecordedAttempt) -> list[str]:
    """Where skills stand in the plugin of a row, relative to it."""
    root = project.root / row.plugin_path
    return [path.relative_to(root).as_posix() for path in root.rglob("SKILL.md")]
