"""The documents of this marketplace, kept true by nightpress: `doit list` is its table of contents.

Run `doit` to bring every document up to date, `doit plan` to see first what that means.
"""

try:
    from nightpress import tasks
except ModuleNotFoundError as missing:
    if missing.name != "nightpress":
        raise
    import sys

    sys.stderr.write(
        "ERROR: nightpress is not installed for the Python that runs doit: " + sys.executable + "\n"
        "  hint: activate its environment, or run `nightpress build`, which finds its own doit\n"
    )
    raise SystemExit(3) from None

DOIT_CONFIG = tasks.config()


def task_manifests():
    """find new plugins and write their manifests"""
    return tasks.manifests()


def task_validate():
    """check every manifest, generator and default"""
    return tasks.validate()


def task_plan():
    """what a build would do, and why; makes no call"""
    return tasks.plan()


def task_snapshot():
    """copy a plugin before it is modified"""
    yield from tasks.snapshot()


def task_analyse():
    """run phase 1 only: find out what a plugin is for"""
    yield from tasks.analyse()


def task_enhance():
    """bring every document up to date (what plain `doit` does)"""
    yield from tasks.enhance()


def task_review():
    """drafts waiting for you, next to the current files"""
    return tasks.review()


def task_apply():
    """publish waiting drafts byte for byte; makes no call"""
    yield from tasks.apply()


def task_reject():
    """turn drafts down; the reason goes into the next prompt"""
    yield from tasks.reject()


def task_adopt():
    """accept a plugin's documents as they are"""
    yield from tasks.adopt()


def task_report():
    """the state of every document, and how the runs went"""
    return tasks.report()


def task_explore():
    """open the ledger in Datasette, read-only"""
    return tasks.explore()


def task_restore():
    """bring a plugin back from a snapshot, bit for bit"""
    return tasks.restore()


def task_audit():
    """verify the ledger's hash chain"""
    return tasks.audit()


def task_prune():
    """thin out old ledger rows, snapshots and logs; what a restore needs stays"""
    return tasks.prune()


def task_backup():
    """back up the whole project into the vault (Turso or a file)"""
    return tasks.backup()


def task_backups():
    """list the vault's snapshots with their age"""
    return tasks.backups()


def task_drill():
    """rehearse a recovery: restore the newest backup and compare"""
    return tasks.drill()


def task_verify_vault():
    """read back every object in the vault"""
    return tasks.verify_vault()


def task_archive():
    """write a backup as plain files: tar.gz, ledger, inventory"""
    return tasks.archive()


def task_forget_backups():
    """remove old backups by the retention rules"""
    return tasks.forget_backups()
