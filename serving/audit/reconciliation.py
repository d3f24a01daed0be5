"""Reconciliation of the store with the audit: what has no row, and what differs.

The chain shows that its own rows are whole. Who may write the database can still change
the tables beside it; this finds where they say something else than the chain.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from features.lead_id import skeleton
from governance.audit.chain import Action, BreakKind, as_kept, id_of, text_digest
from governance.people.assurance import Assurance
from governance.people.principal import Principal, PrincipalKind, broken_by
from governance.people.privacy import PrivacyWishes
from governance.policy.pipeline import StageRole
from governance.policy.removal import Removal
from serving.audit.row_facts import KNOWN_TABLES, RowFacts, other_columns
from serving.audit.seals import Seal, broken_seals
from serving.auth.sessions import LONGEST_TOKEN
from serving.database.engine import Store, place_of
from serving.database.locks import changed_locks
from serving.database.tables import (
    BreakGlassRow,
    ConcessionRow,
    DecisionRow,
    KeyReviewRow,
    KeyRow,
    LeadRow,
    PassRow,
    PersonRow,
    PrincipalRow,
    RequalificationRow,
    StageRow,
    StatementRow,
    ThresholdRow,
)
from serving.errors import AuditBrokenError
from serving.repositories.audit import links_since
from serving.repositories.decisions import STATEMENTS
from serving.repositories.events import (
    LeadDates,
    dates_told,
    events_there,
    owners_told,
    unknown_events,
    wishes_told,
)
from serving.repositories.leads import parts_of
from serving.repositories.persons import account_digests
from serving.repositories.privacy.personal_data import nameless
from serving.repositories.rows import batches, every_row
from serving.repositories.scores import last_scores

FAULTS_TOLD = 50  # of those that there are
Row = Mapping[str, Any]  # of the audit, as it is kept


class DifferenceKind(StrEnum):
    UNRECORDED = "unrecorded"  # it is there, and the audit doesn't know of it
    MISSING = "missing"  # the audit knows of it, and it isn't there
    DIFFERS = "differs"


_FAULT = {
    DifferenceKind.UNRECORDED: "The audit doesn't know of it",
    DifferenceKind.MISSING: "The audit knows of it, and it is gone",
    DifferenceKind.DIFFERS: "The audit says otherwise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row of a table, and its columns, that the audit says otherwise."""

    kind: DifferenceKind
    table: str
    id: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.table} {', '.join((self.id, *self.columns))}"


@dataclass(slots=True, kw_only=True)
class Told:
    """What the chain says of the tables, by id: the last row where several do.

    `rows` are those that a row of the same id stands beside, by its table.
    """

    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    stages: dict[str, str] = field(default_factory=dict)  # of leads
    assurances: dict[str, tuple[int, str]] = field(default_factory=dict)  # of those
    signed: dict[str, tuple[int, str]] = field(default_factory=dict)  # by row: stages
    removals: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    priorities: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)  # of people
    disabled: set[str] = field(default_factory=set)
    accounts: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    facts: RowFacts = field(default_factory=RowFacts)
    own_ids: set[str] = field(default_factory=set)  # that events of our own may have
    vouched: dict[str, tuple[int, str | None]] = field(default_factory=dict)  # stages
    observed: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    stands_since: int | None = None  # the row from which on these two are always told
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)  # as they were made
    revoked_keys: set[str] = field(default_factory=set)
    accounts_since: str | None = None  # the instant from which on it tells of both
    events: dict[int, str | None] = field(default_factory=dict)  # and their leads
    forgotten: set[str] = field(default_factory=set)  # leads
    seals: list[Seal] = field(default_factory=list)
    forgotten_events: list[Seal] = field(default_factory=list)
    anchor: int | None = None  # that the last seal names
    configuration: dict[str, Any] | None = None
    place: str | None = None  # where the store was put
    entries: set[str] = field(default_factory=set)  # stages at which leads began
    salted_since: int | None = None  # the row from which on ids are made with salts
    first_told: dict[str, int] = field(default_factory=dict)  # leads and principals


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """`differences` in the tables; locks that are gone, added or other (None: they
    can't be compared); `moved_from`: where the store was, if it isn't there."""

    differences: list[Difference]
    changed_locks: list[str] | None
    moved_from: str | None
    anchor: int | None


def reconcile(store: Store) -> Reconciliation:
    """Hold the store against the chain, which is taken to be whole."""
    with store.reading() as session:
        with closing(links_since(session, 1)) as links:
            told = told_by({**link.row, "seq": link.seq} for link in links)
        differences = list(_differences(session, told))
        place = place_of(session)
    return Reconciliation(
        differences=differences,
        changed_locks=changed_locks(store),
        moved_from=None if told.place == place else told.place,
        anchor=told.anchor,
    )


def faults(found: Reconciliation, anchors: Collection[int]) -> Iterator[str]:
    """What was found, in words; `anchors`: the rows that are anchored."""
    if found.moved_from is not None:
        yield (
            f"The store is a copy, or was moved: it was {found.moved_from}. What "
            "stood in a -wal file beside it may be missing."
        )
    if found.anchor is not None and found.anchor not in anchors:
        yield f"Row {found.anchor} was anchored, the audit says; its anchor is gone."
    for name in found.changed_locks or ():
        yield f"Lock: {name} is gone, added or changed."
    for difference in found.differences:
        yield f"{_FAULT[difference.kind]}: {difference}"


# --- What the chain says ------------------------------------------------------------


def told_by(rows: Iterable[Row]) -> Told:
    """What the rows of the chain say, in order; raises AuditBrokenError at one that was
    never written here."""
    told = Told()
    for row in rows:
        told.own_ids.add(row["id"])
        for id in (row["who_id"], row["lead_id"]):
            if id:
                told.first_told.setdefault(id, row["seq"])
        if row["event_id"] is not None:
            told.events.setdefault(row["event_id"], row["lead_id"])
        before = orjson.loads(row["state_before"] or "{}")
        after = orjson.loads(row["state_after"] or "{}")
        try:
            _take_in(told, row, before, after)
            told.facts.take_in(row, before, after)
        except (KeyError, TypeError) as error:  # before the last anchor: not verified
            kind = BreakKind.ROW_CHANGED.value
            raise AuditBrokenError(kind, row["seq"]) from error
    return told


def _take_in(told: Told, row: Row, before: Row, after: Row) -> None:
    action = row["action"]
    match action:
        case Action.STAGE_MOVED | Action.STAGE_OBSERVED:
            told.stages[row["lead_id"]] = after["stage"]
            _take_in_assurance(told, row, after["stage"])
        case Action.LEAD_REMOVED | Action.LEAD_RESTORED:
            told.removals[row["lead_id"]] = after["removal"], after.get("into")
        case Action.PRIORITY_CHANGED:
            told.priorities[row["lead_id"]] = after["priority"]
        case Action.DECISION_CONTRADICTED | Action.CONTRADICTION_ENDED:
            told.observed[row["lead_id"]] = row["seq"], after["observed"]
        case Action.PROPOSAL_CLOSED if row["who_kind"] == PrincipalKind.PERSON:
            told.own_ids.add(row["subject_id"])  # that it was decided is an event
        case _:
            _take_in_of_accounts(told, row, after)
            _take_in_of_store(told, row, after)
    kept_in = _table_of(action, before, after)
    if kept_in is not None:
        told.rows[kept_in][row["id"]] = row


def _take_in_assurance(told: Told, row: Row, stage: str) -> None:
    """How it is known that a person brought the lead there; whoever signs is a row of a
    move, and whom a key vouches for is told by what was observed."""
    lead = row["lead_id"]
    if row["action"] == Action.STAGE_OBSERVED:
        why = orjson.loads(row["why"])
        told.assurances[lead] = row["seq"], why.get("assurance", "")
        is_vouched = told.assurances[lead][1] == Assurance.VOUCHED
        word = why.get("vouched_stage", stage if is_vouched else None)
        told.vouched[lead] = row["seq"], word
        return
    told.observed[lead] = row["seq"], None  # it settles what was seen against it
    if row["who_kind"] == PrincipalKind.PERSON:
        told.assurances[lead] = row["seq"], Assurance.SIGNED
        told.signed[lead] = row["seq"], stage
        told.vouched[lead] = row["seq"], None
    else:
        told.assurances[lead] = row["seq"], Assurance.AUTOMATION


def _table_of(action: str, before: Row, after: Row) -> str | None:
    """The table that has a row of the same id."""
    match action:
        case Action.STAGE_MOVED:
            return "decision"
        case Action.CONCESSION_GRANTED:
            return "concession"
        case Action.GLASS_BROKEN:
            return "break_glass"
        case Action.PRIORITY_CHANGED:
            is_change = before["priority"] not in {None, after["priority"]}
            return "requalification" if is_change else None
    return "statement" if action in STATEMENTS else None


def _take_in_of_accounts(told: Told, row: Row, after: Row) -> None:
    action, subject = row["action"], row["subject_id"]
    match action:
        case Action.PERSON_ADDED | Action.PERSON_CHANGED:
            told.roles[subject] = after["role"]
        case Action.PERSON_DISABLED:
            told.disabled.add(subject)
        case Action.KEY_CREATED:
            told.keys[subject] = dict(after)
        case Action.KEY_ROTATED:
            told.keys[subject]["expires_at"] = after["expires_at"]
        case Action.KEY_REVOKED:
            told.revoked_keys.add(subject)
    if "account" in after:
        told.accounts[subject] = after["account"]
        told.accounts_since = told.accounts_since or row["at"]


def _take_in_of_store(told: Told, row: Row, after: Row) -> None:
    match row["action"]:
        case Action.EVENTS_SEALED:
            told.seals.append(Seal(**after))
            told.anchor = orjson.loads(row["why"])["anchor"]
        case Action.CONFIGURATION_CHANGED:
            told.configuration, told.place = dict(after), after["place"]
            told.salted_since = told.salted_since or row["seq"]
            if "settings" in after:
                told.stands_since = told.stands_since or row["seq"]
            stages = after["stages"].items()
            told.entries |= {n for n, s in stages if s["role"] == StageRole.ENTRY}
        case Action.STORE_RESTORED:
            told.place = after.get("place")
        case Action.LEAD_FORGOTTEN:
            told.forgotten.add(row["lead_id"])
            parts = orjson.loads(row["why"]).get("sealed", [])
            told.forgotten_events += [Seal(**part) for part in parts]


# --- What the tables say ------------------------------------------------------------


def _differences(session: Session, told: Told) -> Iterator[Difference]:
    names: dict[str, Principal] = {}
    for row in every_row(session, PrincipalRow):
        with suppress(ValueError):  # the kind or the name is none: it is told below
            names[str(row.id)] = Principal(PrincipalKind(row.kind), row.name)
        if not _is_named(told, row.id, row.salt, row.kind, row.name):
            yield _differs("principal", row.id, ["name"])
    stages = list(every_row(session, StageRow))
    renamed = {row.name: row.renamed_to or row.name for row in stages}
    yield from _of_decisions(session, told, names)
    yield from _of_known_rows(session, told, names, renamed)
    yield from _of_leads(session, told, renamed)
    yield from _of_people(session, told)
    yield from _of_keys(session, told)
    yield from _of_events(session, told)
    yield from _of_configuration(session, told)


def _is_named(told: Told, id: UUID, salt: str | None, *name: str) -> bool:
    """Does a name give its id? One that has no salt is from before there were any."""
    if salt is not None:
        return id_of(salt, *name) == id
    since, first = told.salted_since, told.first_told.get(str(id))
    return str(id) in told.forgotten or since is None or first is None or first < since


def _of_decisions(
    session: Session, told: Told, names: Mapping[str, Principal]
) -> Iterator[Difference]:
    tables: list[type[Any]] = [
        DecisionRow,
        ConcessionRow,
        RequalificationRow,
        StatementRow,
        BreakGlassRow,
    ]
    for table in tables:
        name = table.__tablename__
        waiting = dict(told.rows[name])
        for row in every_row(session, table):
            entry = waiting.pop(str(row.id), None)
            if entry is None:
                yield _lone(DifferenceKind.UNRECORDED, name, row.id)
            elif columns := _other_columns(row, entry, names, told.forgotten):
                yield _differs(name, row.id, columns)
        if table is not StatementRow:  # some are of before there was the table
            yield from (_lone(DifferenceKind.MISSING, name, id) for id in waiting)


def _other_columns(
    row: Any, entry: Row, names: Mapping[str, Principal], forgotten: Collection[str]
) -> list[str]:
    """The columns of a decision or statement that its entry says otherwise; of a lead
    that was forgotten the reason is erased."""
    said, there = _said(row, entry), {}
    if entry["who_id"] in names:
        name = names[entry["who_id"]].name
        is_glass = isinstance(row, BreakGlassRow)
        said |= {"login": broken_by(name)} if is_glass else {"signer": name}
    for column in said:
        value = getattr(row, column)
        is_instant = isinstance(value, datetime)
        value = as_kept(value) if is_instant else value
        there[column] = str(value) if isinstance(value, UUID) else value
    columns = [column for column, value in said.items() if there[column] != value]
    is_kept = entry["lead_id"] not in forgotten
    return (
        [*columns, "reason"] if is_kept and not _has_its_reason(row, entry) else columns
    )


def _said(row: Any, entry: Row) -> dict[str, Any]:
    """What an entry says of a row's columns."""
    before = orjson.loads(entry["state_before"] or "{}")
    after, why = orjson.loads(entry["state_after"] or "{}"), orjson.loads(entry["why"])
    if isinstance(row, BreakGlassRow):
        return {"decides": after["decides"], "broken_at": entry["at"]}
    said: dict[str, Any] = {"lead_id": entry["lead_id"]}
    if isinstance(row, StatementRow):
        return {**said, "kind": entry["action"], "stated_at": entry["at"]}
    said |= {"signer_kind": entry["who_kind"], "decided_at": entry["at"]}
    said |= {name: why[name] for name in ("clause", "reserved") if name in why}
    match row:
        case DecisionRow():
            said |= {"from_stage": before["stage"], "to_stage": after["stage"]}
            said["lost_reason"] = why.get("lost_reason")
        case ConcessionRow():
            said["percent"] = after["percent"]
        case RequalificationRow():
            said["from_priority"] = before["priority"]
            said["to_priority"] = after["priority"]
    return said


def _has_its_reason(row: Any, entry: Row) -> bool:
    """Is the reason the one whose digest the entry has? One without a salt is from
    before there were any, or was erased."""
    if not isinstance(row, DecisionRow | ConcessionRow | BreakGlassRow):
        return True
    digest = orjson.loads(entry["why"]).get("reason_sha256")
    if row.salt is None:
        return digest is None or row.reason is None
    mine = text_digest(row.salt, row.reason) if row.reason else None
    return bool(mine == digest)


def _of_known_rows(
    session: Session,
    told: Told,
    names: Mapping[str, Principal],
    renamed: Mapping[str, str],
) -> Iterator[Difference]:
    for table in KNOWN_TABLES:
        name = table.row.__tablename__
        waiting = dict(told.facts.by_table[name])
        for row in every_row(session, table.row):
            keys = table.keys(row)
            key = next((key for key in keys if key in waiting), keys[0])
            facts = waiting.pop(key, None)
            if facts is None:
                if not _is_older(row, told):
                    yield _lone(DifferenceKind.UNRECORDED, name, keys[0])
            elif columns := other_columns(row, facts, names, renamed):
                yield _differs(name, keys[0], columns)
        for key, facts in waiting.items() if not table.may_leave else ():
            if facts.get("lead_id") not in told.forgotten:
                yield _lone(DifferenceKind.MISSING, name, key)


def _is_older(row: Any, told: Told) -> bool:
    """Is it a session or a token of before the audit told of them?"""
    if not isinstance(row, PassRow):
        return False
    if told.accounts_since is None:
        return True
    since = datetime.fromisoformat(told.accounts_since)
    return row.created_at < since and row.expires_at <= since + LONGEST_TOKEN


def _of_leads(
    session: Session, told: Told, renamed: Mapping[str, str]
) -> Iterator[Difference]:
    wishes, owners = wishes_told(session), owners_told(session)
    entries = {renamed.get(name, name) for name in told.entries}
    cut = {
        _last_of(told.removals.get(id, ("", None))[1], told) for id in told.forgotten
    }
    for row, scored, dates in _known_leads(session):
        if str(row.id) in told.forgotten:
            columns = _left_over(row)
        else:
            columns = _other_stage(row, told, renamed, entries)
            columns += _other_assurance(row, told, renamed)
            columns += _other_words(row, told, renamed)
            columns += _other_facts(row, told, wishes.get(row.id, PrivacyWishes()))
            columns += _other_dates(row, told, *dates, is_cut=str(row.id) in cut)
            if row.owner != owners.get(row.id):
                columns.append("owner")
            if scored is not None and not _agree(row, *scored):
                columns.append("score")
        if columns:
            yield _differs("lead", row.id, columns)


def _left_over(row: LeadRow) -> list[str]:
    """The columns that tie a lead which was forgotten to somebody."""
    columns = [] if row.external_id == nameless(row.id) else ["external_id"]
    if row.skeleton is not None:
        columns.append("skeleton")
    return columns if row.forgotten_at is not None else [*columns, "forgotten_at"]


def _other_stage(
    row: LeadRow, told: Told, renamed: Mapping[str, str], entries: Collection[str]
) -> list[str]:
    stage = told.stages.get(str(row.id))
    expected = entries if stage is None else {renamed.get(stage, stage)}
    return ["stage"] if expected and row.stage not in expected else []


def _other_assurance(row: LeadRow, told: Told, renamed: Mapping[str, str]) -> list[str]:
    """Columns that say of a person what no row does. Less may be known than the row of
    a stage says: events of one call are one row. What was signed before there were
    salts, revision 0013 may have left out."""
    lead, columns = str(row.id), []
    seq, stage = told.signed.get(lead, (0, ""))
    signed = renamed.get(stage, stage) or None
    is_signed = row.stage_assurance == Assurance.SIGNED
    is_vouched = row.stage_assurance == Assurance.VOUCHED
    since, assurance = told.assurances.get(lead, (0, ""))
    is_told = told.stands_since is not None and since >= told.stands_since
    is_word = assurance in {Assurance.SIGNED, Assurance.VOUCHED}
    if (
        (is_signed and row.stage != signed)
        or (is_vouched and assurance != Assurance.VOUCHED)
        or (is_told and is_word and row.stage_assurance != assurance)
    ):
        columns.append("stage_assurance")
    is_known = told.salted_since is not None and seq >= told.salted_since
    if row.signed_stage != signed and (row.signed_stage is not None or is_known):
        columns.append("signed_stage")
    return columns


def _other_words(row: LeadRow, told: Told, renamed: Mapping[str, str]) -> list[str]:
    """Columns of what a key vouched for, and of what was seen against people's words.
    That there is none, rows of before revision 0019 may not say."""
    since = told.stands_since
    columns = []
    for column, words in {
        "vouched_stage": told.vouched,
        "observed_stage": told.observed,
    }.items():
        seq, stage = words.get(str(row.id), (0, None))
        said = renamed.get(stage, stage) if stage else None
        value = getattr(row, column)
        is_known = value is not None or (since is not None and seq >= since)
        if value != said and is_known:
            columns.append(column)
    return columns


def _other_facts(row: LeadRow, told: Told, wishes: PrivacyWishes) -> list[str]:
    """The other columns that the chain, or what the log says of the person's wishes,
    say otherwise."""
    columns = [name for name, at in asdict(wishes).items() if getattr(row, name) != at]
    if not _is_named(told, row.id, row.salt, row.external_id):
        columns.append("external_id")
    if row.skeleton != skeleton(row.external_id):
        columns.append("skeleton")
    removal, into = told.removals.get(str(row.id), (None, None))
    if row.removal != removal:
        columns.append("removal")
    if str(row.merged_into or "") != _last_of(into, told):
        columns.append("merged_into")
    if told.priorities.get(str(row.id)) != row.priority:
        columns.append("priority")
    if row.forgotten_at is not None:
        columns.append("forgotten_at")
    return columns


def _last_of(lead: str | None, told: Told) -> str:
    """The lead of which one is part in the end, as mergers follow each other."""
    while lead is not None and (following := told.removals.get(lead, ("", None))[1]):
        lead = following
    return lead or ""


def _known_leads(
    session: Session,
) -> Iterator[tuple[LeadRow, tuple[float, str] | None, list[LeadDates]]]:
    """Each lead, with its last score and the body of that; and with when what the log
    tells of it was, and of each that was merged into it."""
    for leads in batches(every_row(session, LeadRow)):
        ids = [lead.id for lead in leads]
        scores, parts = last_scores(session, ids), parts_of(session, ids)
        dates = dates_told(session, {*ids, *chain.from_iterable(parts.values())})
        for lead in leads:
            whole = [lead.id, *parts.get(lead.id, ())]
            told = [dates.get(id, LeadDates()) for id in whole]
            yield lead, scores.get(lead.id), told


def _other_dates(
    row: LeadRow, told: Told, own: LeadDates, *parts: LeadDates, is_cut: bool
) -> list[str]:
    """The dates that no event gives. A lead that was merged gives its own, but for what
    `is_cut`: it was forgotten."""
    whole = (own, *parts)
    if row.removal == Removal.MERGED:
        is_told = {"removed_at": row.removed_at in own.mergers}
    else:
        is_told = {"removed_at": row.removed_at == max(own.removals, default=None)}
    if not is_cut:
        stages: set[datetime | None] = set().union(*(dates.stages for dates in whole))
        owners: set[datetime | None] = set().union(*(dates.owners for dates in whole))
        if str(row.id) not in told.stages:
            stages.add(None)
        if not own.owners:
            owners.add(None)
        is_told |= {
            "stage_at": row.stage_at in stages,
            "owner_at": row.owner_at in owners,
            "entered_at": _is_among(row.entered_at, [d.entered for d in whole]),
            "last_sign_at": _is_among(row.last_sign_at, [d.last_sign for d in whole]),
        }
    return [column for column, is_so in is_told.items() if not is_so]


def _is_among(value: datetime | None, dates: list[datetime | None]) -> bool:
    """Is it the first of some dates, or between them all?"""
    known = [date for date in dates if date is not None]
    is_between = value is not None and known and min(known) <= value <= max(known)
    return value == dates[0] or bool(is_between)


def _agree(row: LeadRow, last: float, body: str) -> bool:
    """Is a lead's score the last one, and that of its body, if it is still kept? One
    that objected to be profiled has none until the next."""
    if row.score is None and row.objected_at is not None:
        return True
    told = orjson.loads(body).get("score", last) if body else last
    return row.score == last == told


def _of_people(session: Session, told: Told) -> Iterator[Difference]:
    waiting = dict(told.roles)
    for row in every_row(session, PersonRow):
        role = waiting.pop(str(row.id), None)
        if role is None:
            yield _lone(DifferenceKind.UNRECORDED, "person", row.id)
            continue
        columns = ["role"] if role != row.role else []
        if (row.disabled_at is not None) != (str(row.id) in told.disabled):
            columns.append("disabled_at")
        if (kept := told.accounts.get(str(row.id))) is not None:
            there = account_digests(row)
            columns += [name for name, said in kept.items() if there.get(name) != said]
        if columns:
            yield _differs("person", row.id, columns)
    for id in waiting:
        yield _lone(DifferenceKind.MISSING, "person", id)


def _of_keys(session: Session, told: Told) -> Iterator[Difference]:
    reviews = {row.key_id: row for row in every_row(session, KeyReviewRow)}
    waiting = dict(told.keys)
    for row in every_row(session, KeyRow):
        created = waiting.pop(row.id, None)
        if created is None:
            yield _lone(DifferenceKind.UNRECORDED, "api_key", row.id)
            continue
        if "secret_sha256" not in created:  # of before the audit told of it
            created = _reviewed(created, reviews.get(row.id))
        there = {"addresses": row.addresses or "", "expires_at": _iso(row.expires_at)}
        columns = [
            name
            for name, said in created.items()
            if there.get(name, getattr(row, name)) != said
        ]
        if (row.revoked_at is not None) != (row.id in told.revoked_keys):
            columns.append("revoked_at")
        if columns:
            yield _differs("api_key", row.id, columns)
    for id in waiting:
        yield _lone(DifferenceKind.MISSING, "api_key", id)


def _reviewed(created: Row, review: KeyReviewRow | None) -> dict[str, Any]:
    """What a key of then is since revision 0013, which left it what it had used."""
    if review is None:
        return dict(created)
    scopes = set(created["scopes"].split()) | set(review.given.split())
    kept = " ".join(sorted(scopes - set(review.taken.split())))
    return {**created, "scopes": kept, "max_actor": review.max_actor}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _of_events(session: Session, told: Told) -> Iterator[Difference]:
    gone = told.events.keys() - events_there(session, told.events)
    for event in sorted(gone):
        if told.events[event] not in told.forgotten:
            yield _lone(DifferenceKind.MISSING, "event", event)
    for event in unknown_events(session, told.own_ids):
        yield _lone(DifferenceKind.UNRECORDED, "event", event)
    for seal in broken_seals(session, told.seals, told.forgotten_events):
        yield _differs("event", f"{seal.first}-{seal.last}", ["data"])


def _of_configuration(session: Session, told: Told) -> Iterator[Difference]:
    """The database's copy of the pipeline, against what the last start had."""
    if told.configuration is None:
        return
    stages = told.configuration["stages"]
    for row in every_row(session, StageRow):
        said = stages.get(row.name)
        if said is None:
            continue  # it has left the file
        columns = [name for name, value in said.items() if getattr(row, name) != value]
        if columns:
            yield _differs("stage", row.name, columns)
    thresholds = dict(told.configuration["thresholds"])
    for threshold in every_row(session, ThresholdRow):
        if thresholds.pop(threshold.name, None) != threshold.value:
            yield _differs("threshold", threshold.name, ["value"])
    for name in thresholds:
        yield _lone(DifferenceKind.MISSING, "threshold", name)


def _lone(kind: DifferenceKind, table: str, id: object) -> Difference:
    return Difference(kind=kind, table=table, id=str(id))


def _differs(table: str, id: object, columns: Iterable[str]) -> Difference:
    return Difference(
        kind=DifferenceKind.DIFFERS, table=table, id=str(id), columns=tuple(columns)
    )
