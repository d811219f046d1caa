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
    """find the plugins; write the manifests that are missing"""
    return tasks.manifests()


def task_validate():
    """check every manifest, generator and default"""
    return tasks.validate()


def task_plan():
    """what would be done and why; makes no call"""
    return tasks.plan()


def task_snapshot():
    """copy a plugin before it is modified"""
    yield from tasks.snapshot()


def task_analyse():
    """phase 1: what a plugin is for, cached by content"""
    yield from tasks.analyse()


def task_enhance():
    """bring every document up to date (what plain `doit` does)"""
    yield from tasks.enhance()


def task_review():
    """the drafts that wait for you, beside the current files"""
    return tasks.review()


def task_apply():
    """publish the drafts that wait, byte for byte; makes no call"""
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
    """open the ledger in Datasette: read-only, on this machine"""
    return tasks.explore()


def task_restore():
    """bring a plugin back from a snapshot, bit for bit"""
    return tasks.restore()


def task_audit():
    """verify the ledger's hash chain"""
    return tasks.audit()


def task_prune():
    """thin out what is old in ledger, snapshots and logs; what a restore needs stays"""
    return tasks.prune()


def task_backup():
    """back everything up into the vault: Turso, or a file here"""
    return tasks.backup()


def task_backups():
    """the snapshots in the vault, with their age"""
    return tasks.backups()


def task_drill():
    """rehearse a recovery: restore the newest backup, compare every hash"""
    return tasks.drill()


def task_verify_vault():
    """read every object of the vault back"""
    return tasks.verify_vault()


def task_archive():
    """write a backup as plain files: tar.gz, ledger, inventory"""
    return tasks.archive()


def task_forget_backups():
    """thin out the backups by the retention rules"""
    return tasks.forget_backups()
