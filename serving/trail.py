"""Is the audit's chain whole? If not, automation stops until a person has looked."""

import logging
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from governance.audit import Break, BreakKind, first_break
from governance.audit_anchors import Anchor, forged_anchor, signed
from serving.anchors import add_anchor, read_anchors, signing_key
from serving.apart import apart
from serving.audit import head, links_since
from serving.database import Store
from serving.errors import AuditBrokenError, AutomationStoppedError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trail:
    """Where the chain was found broken when it was last verified.

    `apart`: it is verified whole in a process of its own.
    """

    broken: Break | None = None
    apart: bool = False

    def refuse_if_broken(self) -> None:
        """Raises AutomationStoppedError."""
        if self.broken is not None:
            raise AutomationStoppedError(self.broken.seq)

    def check(self, store: Store, folder: Path, *, whole: bool = False) -> None:
        """Verify the chain, and stop automation if it is broken."""
        if whole and self.apart:
            self.broken = apart(store, find_break, folder, whole=True)
        else:
            self.broken = find_break(store, folder, whole=whole)
        if self.broken is not None:
            at = {"break": self.broken.kind.value, "row": self.broken.seq}
            log.critical("audit_broken", extra=at)


def find_break(store: Store, folder: Path, *, whole: bool) -> Break | None:
    """Where the chain is broken: since its last anchor, or from its beginning.

    `folder` holds the anchors and the key that signs them.

    Raises
    ------
    AnchorsUnreadableError
    """
    anchors = read_anchors(folder)  # before the table: those made meanwhile are later
    if anchors:
        forged = forged_anchor(anchors, signing_key(folder, anchors).public_key())
        if forged is not None:
            return forged
    since = 1 if whole or not anchors else max(anchor.seq for anchor in anchors)
    hashes = {anchor.seq: anchor.hash for anchor in anchors if anchor.seq >= since}
    with store.reading() as session:
        with closing(links_since(session, since)) as links:
            found = first_break(links, hashes, since=since)
        if found is not None and found.kind is BreakKind.TAIL_CUT:
            return replace(found, seq=head(session).seq + 1)
    return found


def anchor(store: Store, folder: Path, now: datetime) -> Anchor | None:
    """Sign the chain's end, once it was verified since the anchor before.

    Returns the anchor, or None if the chain has no row that isn't anchored.

    Raises
    ------
    AuditBrokenError
        If the chain is broken: a break mustn't be anchored.
    AnchorsUnreadableError
    """
    with store.reading() as session:
        end = head(session)  # first: what is signed is then verified
    found = find_break(store, folder, whole=False)
    if found is not None:
        raise AuditBrokenError(found.kind.value, found.seq)
    anchors = read_anchors(folder)
    if end.seq <= max((one.seq for one in anchors), default=0):
        return None
    made = signed(end, now, signing_key(folder, anchors))
    add_anchor(folder, made)
    return made
