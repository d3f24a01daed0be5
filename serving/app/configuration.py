"""Configuration at start: audited if it changed, and refused where leads forbid it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.audit.chain import (
    STARTUP,
    Action,
    AuditEntry,
    AuditFields,
    Subject,
    SubjectKind,
)
from governance.errors import StagesHeldError
from governance.policy.configuration import (
    KnownStage,
    held_changes,
    renamings,
    stages_of,
    thresholds_of,
)
from governance.policy.pipeline import Pipeline
from serving.database.engine import Lock, Store, hold, place_of
from serving.database.migrate import install_pipeline
from serving.database.tables import LeadRow, StageRow
from serving.repositories.audit import append, configuration_in_force
from serving.repositories.lead_states import lock_every_lead
from serving.repositories.leads import IS_KNOWN
from serving.runtime.settings import Settings

LEADS_NAMED = 20
_DOORS = {
    "break_glass_decides",
    "clock_tolerance",
    "consent_kinds",
    "decision_working_days",
    "forgotten_again",
    "key_limit",
    "open_docs",
    "open_metrics",
    "refusal_limit",
    "retention",
    "session_idle",
    "sign_in_limit",
    "totp_roles",
}
_HIDDEN = {"allowed_hosts", "oidc", "trusted_proxies"}


def install_configuration(
    store: Store, settings: Settings, pipeline: Pipeline, now: datetime
) -> None:
    """Bring the database's copy of the pipeline up to date, and audit what is in force
    if it is another than at the last start.

    Raises StagesHeldError if leads stand where a stage may not change.
    """
    with store.writing() as session:
        hold(session, Lock.START)
        before = configuration_in_force(session)
        _refuse_held(session, before, pipeline)
        after = _in_force(session, settings, pipeline)
        if before != after:
            if after["renamed"]:
                lock_every_lead(session)
            entry = AuditEntry(
                action=Action.CONFIGURATION_CHANGED,
                by=STARTUP,
                subject=Subject(SubjectKind.SERVICE, "configuration"),
                before=before,
                after=after,
            )
            append(session, [entry], now)
        install_pipeline(session, pipeline)


def _in_force(
    session: Session, settings: Settings, pipeline: Pipeline
) -> dict[str, Any]:
    files = {
        "pipeline": settings.pipeline_file,
        "rules": settings.rules_file,
        "exceptions": settings.exceptions_file,
        "judgement": settings.judgement_file,
    }
    if settings.event_names is not None:
        files["event_names"] = settings.event_names
    known = set(session.scalars(select(StageRow.name)))
    renamed = renamings(pipeline).items()
    return {
        **{name: _digest(path) for name, path in files.items()},
        "settings": _doors(settings),
        "stages": stages_of(pipeline),
        "thresholds": thresholds_of(pipeline),
        "amount_attribute": pipeline.amount_attribute,
        "renamed": {old: new for old, new in renamed if old in known},
        "place": place_of(session),
    }


def _doors(settings: Settings) -> dict[str, Any]:
    """The settings that open a door, or say how long something is kept. Names of hosts,
    of people and of the identity provider go in as digests."""
    told = settings.model_dump(mode="json", include=_DOORS)
    hidden = settings.model_dump(mode="json", include=_HIDDEN)
    people = settings.crm_users
    return {
        **{name: sorted(v) if isinstance(v, list) else v for name, v in told.items()},
        **{name: _sha256(orjson.dumps(hidden[name])) for name in sorted(hidden)},
        "crm_users": None if people is None else _digest(people),
    }


def _digest(path: Path) -> str:
    return _sha256(path.read_bytes())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refuse_held(
    session: Session, before: AuditFields | None, pipeline: Pipeline
) -> None:
    for change in held_changes(_known_stages(session, before), pipeline):
        stands = (LeadRow.stage == change.stage) & IS_KNOWN
        count = session.scalar(select(func.count()).where(stands)) or 0
        if count:
            first = select(LeadRow.external_id).where(stands)
            first = first.order_by(LeadRow.external_id).limit(LEADS_NAMED)
            named = ", ".join(session.scalars(first))
            more = ", …" if count > LEADS_NAMED else ""
            raise StagesHeldError(change.stage, change.what, count, named + more)


def _known_stages(
    session: Session, before: Mapping[str, Any] | None
) -> dict[str, KnownStage]:
    """The stages in force; of a store that no start has audited, as its table has
    them."""
    if before is not None:
        return {
            name: KnownStage(
                reserved=stage["reserved"], closes=stage["closes"], role=stage["role"]
            )
            for name, stage in before["stages"].items()
        }
    rows = session.scalars(select(StageRow).where(StageRow.renamed_to.is_(None)))
    return {
        row.name: KnownStage(
            reserved=row.reserved,
            closes=row.closes,
            role="" if row.role is None else row.role,
        )
        for row in rows
    }
