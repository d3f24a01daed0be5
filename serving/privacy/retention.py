"""Retention: what is kept for how long, and what goes when its time is over."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from governance.audit.chain import SYSTEM, Action, AuditEntry, Subject, SubjectKind
from governance.people.principal import Principal
from governance.policy.pipeline import StageRole
from serving.privacy.forget import forget_kept
from serving.repositories.audit import append
from serving.repositories.privacy.retention import (
    drop_accesses,
    drop_notices,
    drop_passes,
    prune_scores,
    stale_prospects,
)
from serving.runtime.service import Service

LEADS_AT_ONCE = 50
SCORES_AT_ONCE = 2_000
_UNLIMITED = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """How many went, or would go."""

    prospects: int = 0
    score_bodies: int = 0
    notices: int = 0
    sessions: int = 0
    accesses: int = 0

    def __str__(self) -> str:
        return (
            f"{self.prospects:,} prospects, {self.score_bodies:,} explanations of "
            f"scores, {self.notices:,} notices, {self.sessions:,} sessions and tokens, "
            f"{self.accesses:,} notes of who read"
        )


class _DryRunError(Exception):
    """Takes back what was only tried."""


def apply_retention(
    service: Service,
    now: datetime,
    by: Principal = SYSTEM,
    *,
    is_dry: bool = False,
    some: bool = False,
) -> RetentionReport:
    """Let go what was kept for long enough, and audit the counts.

    `is_dry`: nothing goes, all is counted. `some`: no more than a minute allows.
    """
    settings = service.settings
    kept = settings.retention
    n_leads = LEADS_AT_ONCE if some else _UNLIMITED
    n_scores = SCORES_AT_ONCE if some else _UNLIMITED
    with service.store.reading() as session:
        prospects = stale_prospects(
            session,
            now - timedelta(days=kept.prospects_days),
            service.pipeline.of_role(StageRole.WON),
            limit=n_leads,
        )

    def let_go(session: Session) -> RetentionReport:
        return RetentionReport(
            prospects=len(prospects),
            score_bodies=prune_scores(
                session, now - timedelta(days=kept.scores_days), limit=n_scores
            ),
            notices=drop_notices(session, now - timedelta(days=kept.notices_days)),
            sessions=drop_passes(session, now - timedelta(days=kept.sessions_days)),
            accesses=drop_accesses(session, now - timedelta(days=kept.accesses_days)),
        )

    if is_dry:
        return _tried(service, let_go)
    if prospects:
        forget_kept(service, prospects, by, now)
    with service.store.writing() as session:
        report = let_go(session)
        if report != RetentionReport():
            append(session, [_entry(report, by)], now)
    return report


def _tried(
    service: Service, let_go: Callable[[Session], RetentionReport]
) -> RetentionReport:
    counted = RetentionReport()
    try:
        with service.store.writing() as session:
            counted = let_go(session)
            raise _DryRunError
    except _DryRunError:
        return counted


def _entry(report: RetentionReport, by: Principal) -> AuditEntry:
    return AuditEntry(
        action=Action.RETENTION_APPLIED,
        by=by,
        subject=Subject(SubjectKind.SERVICE, "retention"),
        after=asdict(report),
    )
