"""What automation did to a lead lately, as its row keeps it: a JSON text."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.orm import Session

from explanations.reason import Past
from explanations.score import Priority, Score
from features.lead_id import skeleton
from governance.leads.state import LeadState, PastScore, WaitingProposal
from governance.people.assurance import Assurance
from governance.people.privacy import PrivacyWishes
from governance.policy.removal import Removal
from governance.rules.history import History
from serving.database.engine import POSTGRESQL
from serving.database.tables import LeadRow, table_of
from serving.repositories.proposals import waiting_proposals
from serving.repositories.rows import as_value, batches, columns_of
from serving.repositories.tasks import open_tasks

_HISTORY = TypeAdapter(History)
# What other tables say isn't kept twice.
_OF_A_SCORE = ("model_sha256", "score", "grade", "short", "moment")
_KEPT = {"writes", "last_set_off", "last_acted", "score_written"}


# Made once: to make a statement takes longer than to carry it out.
_NAMED = LeadRow.external_id.in_(bindparam("names", expanding=True))
_LEADS = select(LeadRow).where(_NAMED)
_VERSIONS = (
    select(LeadRow.external_id, LeadRow.version)
    .where(_NAMED)
    .order_by(LeadRow.external_id)
    .with_for_update()  # no effect on SQLite, whose writer is alone
)
_ALIKE = select(LeadRow.external_id, LeadRow.skeleton).where(
    LeadRow.skeleton.in_(bindparam("skeletons", expanding=True))
)
_HELD = text(
    "SELECT pg_advisory_xact_lock(each)"
    " FROM unnest(CAST(:shared AS bigint[])) WITH ORDINALITY AS held (each, place)"
    " ORDER BY place"
)
_TABLE = table_of(LeadRow)
_WRITTEN = update(_TABLE).where(_TABLE.c.id == bindparam("lead"))


def lead_states(
    session: Session, lead_ids: Iterable[str], suspended: frozenset[UUID] = frozenset()
) -> dict[str, LeadState]:
    """The leads that are stored, by their external id; with what is open on them.

    `suspended`: on these automation is suspended.
    """
    rows = session.scalars(_LEADS, {"names": list(lead_ids)}).all()
    uuids = [row.id for row in rows]
    survivors = _survivors(session, [row.merged_into for row in rows])
    waiting = waiting_proposals(session, uuids)
    tasks = open_tasks(session, uuids)
    return {
        row.external_id: _as_state(
            row,
            waiting.get(row.id, ()),
            replace(
                _HISTORY.validate_json(row.automation or "{}"),
                open_tasks=tasks.get(row.id, frozenset()),
                is_suspended=row.id in suspended,
            ),
            survivors,
        )
        for row in rows
    }


def _survivors(session: Session, uuids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The external ids of the leads into which some were merged."""
    wanted = list(filter(None, uuids))
    if not wanted:
        return {}
    rows = session.execute(
        select(LeadRow.id, LeadRow.external_id).where(LeadRow.id.in_(wanted))
    )
    return {row.id: row.external_id for row in rows}


def lead_versions(session: Session, lead_ids: Iterable[str]) -> dict[str, int]:
    """The versions now, of the leads that are stored; locks their rows, in order."""
    rows = session.execute(_VERSIONS, {"names": list(lead_ids)})
    return {row.external_id: row.version for row in rows}


def look_alikes(session: Session, lead_ids: Iterable[str]) -> dict[str, str]:
    """Of some ids those that look like another, each with that one: an id that is
    stored, or comes before it. One that is stored itself is none of them."""
    skeletons = {name: skeleton(name) for name in lead_ids}
    alike: defaultdict[UUID, list[str]] = defaultdict(list)
    for some in batches(set(skeletons.values())):
        for row in session.execute(_ALIKE, {"skeletons": some}):
            alike[row.skeleton].append(row.external_id)
    for name, shared in skeletons.items():
        if not alike[shared]:
            alike[shared].append(name)
    return {
        name: alike[shared][0]
        for name, shared in skeletons.items()
        if name not in alike[shared]
    }


def hold_look_alikes(session: Session, lead_ids: Iterable[str]) -> None:
    """Wait for who adds a lead that looks like one of these, until they are done."""
    if session.get_bind().dialect.name == POSTGRESQL:  # SQLite's writer is alone
        shared = sorted(skeleton(name).int % 2**63 for name in lead_ids)
        session.execute(_HELD, {"shared": shared})


def lock_every_lead(session: Session) -> None:
    """Be the only writer of leads until the transaction ends; call it first."""
    if session.get_bind().dialect.name == POSTGRESQL:  # SQLite's writer is alone
        session.execute(text("LOCK TABLE lead IN EXCLUSIVE MODE"))


def add_lead(
    session: Session, state: LeadState, score: Score | None, entry: str, now: datetime
) -> None:
    """Write a new lead. It begins at the `entry`, and moves once what tells so is
    written."""
    columns = _columns(state, score) | {"stage": entry}
    columns |= {
        "external_id": state.lead_id,
        "skeleton": skeleton(state.lead_id),
        "created_at": now,
        "removal": None,
        "merged_into": None,
    }
    session.execute(insert(_TABLE), columns)


def move_new_lead(session: Session, state: LeadState) -> None:
    """Bring a new lead to its stage, or take it away again."""
    removal = None if state.removal is None else state.removal.value
    where = {"stage": state.stage, "removal": removal}
    columns = {"lead": state.id, **where, "merged_into": state.merged_into}
    session.execute(_WRITTEN, columns)


def write_lead(session: Session, state: LeadState, score: Score | None) -> None:
    """Write a lead's new state and, if there is one, its new score."""
    columns = _columns(state, score)
    columns["lead"] = columns.pop("id")  # which isn't written again
    session.execute(_WRITTEN, columns)
    if state.merged_into is not None:  # and with it what was merged into it
        follows = _TABLE.c.merged_into == state.id
        columns = {"merged_into": state.merged_into, "version": _TABLE.c.version + 1}
        session.execute(update(_TABLE).where(follows).values(columns))


def _columns(state: LeadState, score: Score | None) -> dict[str, Any]:
    history = _HISTORY.dump_json(state.history, include=_KEPT).decode()
    columns = columns_of(
        LeadRow,
        state,
        version=state.version + 1,
        automation=history,
        **asdict(state.wishes),
    )
    if state.wishes.has_objected:
        columns |= dict.fromkeys(_OF_A_SCORE)
    if score is not None:
        columns |= {
            "model_sha256": score.model.sha256,
            "score": score.score,
            "grade": score.grade.value,
            "short": score.narrative.short,
            "moment": score.moment,
        }
    return columns


def _as_state(
    row: LeadRow,
    waiting: tuple[WaitingProposal, ...],
    history: History,
    survivors: Mapping[UUID, str],
) -> LeadState:
    moves = frozenset(proposal.to for proposal in waiting if proposal.percent is None)
    return as_value(
        LeadState,
        row,
        lead_id=row.external_id,
        stage_assurance=row.stage_assurance and Assurance(row.stage_assurance),
        priority=row.priority and Priority(row.priority),
        band=row.band and Priority(row.band),
        past=_past(row),
        wishes=as_value(PrivacyWishes, row),
        removal=row.removal and Removal(row.removal),
        survivor=row.merged_into and survivors.get(row.merged_into),
        history=replace(history, waiting_moves=moves),
        waiting=waiting,
    )


def _past(row: LeadRow) -> PastScore | None:
    if row.score is None or row.moment is None or row.model_sha256 is None:
        return None
    return PastScore(Past(row.score, row.moment), row.model_sha256)
