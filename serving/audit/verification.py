"""Verification of the audit's chain. A break stops automation until a person looks."""

import logging
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from governance.audit.anchors import Anchor, forged_anchor, signed
from governance.audit.chain import Break, BreakKind, first_break
from serving.audit.anchors import (
    add_anchor,
    has_key,
    note_head,
    noted_head,
    read_anchors,
    signing_key,
)
from serving.audit.reconciliation import FAULTS_TOLD, faults, reconcile
from serving.audit.seals import seal_events
from serving.audit.tombstones import Tombstones, tombstone_faults
from serving.database.engine import Store
from serving.errors import AnchorsUnreadableError, AuditBrokenError, StoreBusyError
from serving.repositories.audit import head, links_since
from serving.runtime.audit_status import AuditStatus
from serving.runtime.worker_process import in_subprocess

log = logging.getLogger(__name__)


def check_audit(
    status: AuditStatus, store: Store, folder: Path, *, whole: bool = False
) -> None:
    """Verify the chain, and note in `status` where it is broken."""
    if whole and status.in_subprocess:
        status.broken = in_subprocess(store, find_break, folder, whole=True)
    else:
        status.broken = find_break(store, folder, whole=whole)
    if status.broken is not None:
        at = {"break": status.broken.kind.value, "row": status.broken.seq}
        log.critical("audit_broken", extra=at)


def check_tables(status: AuditStatus, store: Store, folder: Path) -> None:
    """Hold the tables against a chain that is whole, and note in `status` how many
    faults there are: each is logged, and a person looks. Automation goes on."""
    tombstones = Tombstones(folder).read()
    if status.in_subprocess:
        found = in_subprocess(store, reconcile)
    else:
        found = reconcile(store)
    anchored = {anchor.seq for anchor in read_anchors(folder)}
    told = [*faults(found, anchored), *tombstone_faults(store, folder, tombstones)]
    status.n_faults = len(told)
    for fault in told[:FAULTS_TOLD]:
        log.critical("audit_differs", extra={"fault": fault, "faults": len(told)})


def find_break(store: Store, folder: Path, *, whole: bool) -> Break | None:
    """Where the chain is broken: since its last anchor, or from its beginning.

    `folder` holds the anchors and the key that signs them.

    Raises AnchorsUnreadableError.
    """
    # Before the table: what is made meanwhile is later.
    anchors, noted = read_anchors(folder), noted_head(folder)
    if has_key(folder) and not anchors:
        return Break(BreakKind.ANCHORS_GONE, 1)
    if anchors:
        forged = forged_anchor(anchors, signing_key(folder, anchors).public_key())
        if forged is not None:
            return forged
    since = 1 if whole or not anchors else max(anchor.seq for anchor in anchors)
    hashes = {anchor.seq: anchor.hash for anchor in anchors if anchor.seq >= since}
    with store.reading() as session:
        with closing(links_since(session, since)) as links:
            broken = first_break(links, hashes, since=since)
        if broken is not None and broken.kind is BreakKind.TAIL_CUT:
            return replace(broken, seq=head(session).seq + 1)
        if broken is None and head(session).seq < noted:
            return Break(BreakKind.HEAD_LOST, head(session).seq + 1)
    return broken


def note_end(store: Store, folder: Path) -> None:
    """Note beside the anchors how far the chain went; what keeps it from that waits."""
    with suppress(OSError, StoreBusyError, AnchorsUnreadableError):
        with store.reading() as session:
            seq = head(session).seq
        note_head(folder, seq)


def anchor(store: Store, folder: Path, now: datetime) -> Anchor | None:
    """Sign the chain's end, once it was verified since the anchor before, and the log
    was sealed in it.

    Returns the anchor, or None if the chain has no row that isn't anchored.

    Raises
    ------
    AuditBrokenError
        If the chain is broken: a break mustn't be anchored.
    AnchorsUnreadableError
    """
    anchors = read_anchors(folder)
    seal_events(store, max((a.seq for a in anchors), default=None), now)
    with store.reading() as session:
        end = head(session)  # first: what is signed is then verified
    broken = find_break(store, folder, whole=False)
    if broken is not None:
        raise AuditBrokenError(broken.kind.value, broken.seq)
    if end.seq <= max((a.seq for a in anchors), default=0):
        return None
    latest = signed(end, now, signing_key(folder, anchors))
    add_anchor(folder, latest)
    return latest
