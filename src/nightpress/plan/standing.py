"""What stands at a document's target, and what is on record of it: the values that a decision is
made from."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from nightpress.model import Fingerprint, Status


class Standing(Struct, frozen=True):
    """The file that stands at the target; sha256 None: there is none."""

    sha256: str | None = None
    size: int = 0


class Publication(Struct, frozen=True):
    """What the ledger or the lock file says was published or adopted last. extends, named, linked,
    own, declined, witness: see `lockfile.Entry`; linked and own are None where only the ledger has
    it. moved: the job of the line of the lock file that it is known by, where that line names
    another target, which is gone."""

    status: str
    sha256: str
    fingerprint: Fingerprint
    writer: str
    files: Mapping[str, str] | None = None
    accepted: tuple[str, ...] = ()
    extends: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    linked: tuple[str, ...] | None = None
    own: tuple[str, ...] | None = None
    declined: tuple[str, ...] = ()
    witness: str = ""
    moved: str = ""

    @property
    def is_published(self) -> bool:
        """Did we make it, and not a person, whose file was taken as it is?"""
        return self.status == Status.PUBLISHED

    @property
    def is_merged(self) -> bool:
        """Does it hold what a person had edited of ours? It goes back to itself."""
        return bool(self.extends) and self.extends == self.sha256

    @property
    def persons(self) -> str:
        """sha256 of the person's file that it was made from; "" if there was none."""
        return "" if self.is_merged else self.extends


class LastRow(Struct, frozen=True):
    """The latest row of the ledger, whatever its status. waits: its draft waits for a person;
    rejected: why a person turned that draft down; blocked: the provider's filter stopped it;
    withheld: what would have been sent looks like a secret; saved: a person saved the file that
    stands there while its document was being made; too_little: its writer said that the plugin
    holds too little; offered: a split of it was proposed; lost: a call of it was, and it waits for
    a person's word."""

    status: str
    fingerprint: Fingerprint
    before_sha256: str | None
    message: str = ""
    waits: bool = False
    rejected: str = ""
    blocked: bool = False
    withheld: bool = False
    saved: bool = False
    too_little: bool = False
    offered: bool = False
    lost: bool = False

    @property
    def stopped(self) -> bool:
        """Did something stand in the way of its call that only a person can judge?"""
        return self.blocked or self.withheld or self.lost
