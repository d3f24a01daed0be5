"""Facts of rows: what the chain says of the columns of proposals, tasks, suspensions,
sessions and tokens. `reconciliation` holds the tables against them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from governance.audit.chain import Action, as_kept
from governance.people.principal import Principal, PrincipalKind
from governance.policy.effects import ProposalStatus
from governance.policy.task import TaskStatus
from serving.database.tables import PassRow, ProposalRow, SuspensionRow, TaskRow

Entry = Mapping[str, Any]  # a row of the audit, as it is kept


@dataclass(frozen=True, slots=True)
class Named:
    """Whoever has this id: tables have the name."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTable:
    """A table whose rows the chain tells of. `keys` are what it may call one by;
    `may_leave`: a row that is gone says nothing."""

    row: type[Any]
    keys: Callable[[Any], tuple[str, ...]] = lambda row: (str(row.id),)
    may_leave: bool = False


def _suspension_keys(row: SuspensionRow) -> tuple[str, ...]:
    """Its id; of before the chain had it, on what and since when."""
    return str(row.id), _key_of_old(row.lead_id or row.rule_id, as_kept(row.begun_at))


def _key_of_old(subject: object, at: str) -> str:
    return f"{subject} {at}"


KNOWN_TABLES = (
    KnownTable(row=ProposalRow),
    KnownTable(row=TaskRow),
    KnownTable(row=SuspensionRow, keys=_suspension_keys),
    KnownTable(row=PassRow, may_leave=True),
)


@dataclass(slots=True)
class RowFacts:
    """By table and what a row is called: its columns."""

    by_table: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def take_in(self, entry: Entry, before: Entry, after: Entry) -> None:
        """What one more row of the chain says; in order."""
        action, subject = entry["action"], entry["subject_id"]
        match action:
            case Action.PROPOSAL_OPENED | Action.PROPOSAL_CLOSED:
                told = self.by_table["proposal"].setdefault(subject, {})
                told |= _of_proposal(entry, before, after)
            case (
                Action.TASK_OPENED
                | Action.TASK_CLOSED
                | Action.TASK_ESCALATED
                | Action.TASK_HANDED_OVER
            ):
                told = self.by_table["task"].setdefault(subject, {})
                told |= _of_task(entry, after)
            case Action.AUTOMATION_SUSPENDED | Action.RULE_SUSPENDED:
                self._begin_suspension(entry, after)
            case Action.AUTOMATION_RESUMED | Action.RULE_RESUMED:
                self._end_suspensions(entry)
            case Action.SIGNED_IN | Action.TOKEN_ISSUED if "pass" in after:
                told = self.by_table["pass"].setdefault(after["pass"], {})
                told |= {name: after[name] for name in after if name != "pass"}
                told["person_id"] = subject

    def _begin_suspension(self, entry: Entry, after: Entry) -> None:
        why, subject = orjson.loads(entry["why"]), entry["subject_id"]
        old = _key_of_old(subject, entry["at"])
        id = after.get("suspension") or why.get("suspension") or old
        self.by_table["suspension"][id] = {
            _suspended(entry): subject,
            "reason": why.get("reason"),
            "until": after["until"],
            "begun_by": Named(entry["who_id"]),
            "begun_at": entry["at"],
            "ended_by": None,
            "ended_at": None,
        }

    def _end_suspensions(self, entry: Entry) -> None:
        """Those of the lead or the rule that were in force."""
        what, ended = _suspended(entry), {"ended_at": entry["at"]}
        for told in self.by_table["suspension"].values():
            is_its_own = told.get(what) == entry["subject_id"]
            if is_its_own and told["ended_at"] is None and _is_ahead(told, entry["at"]):
                told.update(ended, ended_by=Named(entry["who_id"]))


def _suspended(entry: Entry) -> str:
    return "lead_id" if entry["subject_kind"] == "lead" else "rule_id"


def _is_ahead(suspension: Entry, at: str) -> bool:
    until = suspension["until"]
    return until is None or _instant(until) > _instant(at)


def _of_proposal(entry: Entry, before: Entry, after: Entry) -> dict[str, Any]:
    if entry["action"] == Action.PROPOSAL_CLOSED:
        return {
            "status": after["status"],
            "decided_by_kind": entry["who_kind"],
            "decided_by": Named(entry["who_id"]),
            "decided_at": entry["at"],
        }
    proposed = after["proposed"]
    change = {"concession_percent": None, "from_priority": None, "to_priority": None}
    if "stage" in before:
        change |= {"from_stage": before["stage"], "to_stage": proposed}
    elif "priority" in before:
        change |= {"from_priority": before["priority"], "to_priority": proposed}
    else:
        change["concession_percent"] = proposed
    return {
        **change,
        "lead_id": entry["lead_id"],
        "asked_by_kind": entry["who_kind"],
        "asked_by": Named(entry["who_id"]),
        "created_at": entry["at"],
        "status": ProposalStatus.OPEN,
        "decided_by_kind": None,
        "decided_by": None,
        "decided_at": None,
    }


def _of_task(entry: Entry, after: Entry) -> dict[str, Any]:
    at = entry["at"]
    match entry["action"]:
        case Action.TASK_OPENED:
            return {
                "lead_id": entry["lead_id"],
                "kind": orjson.loads(entry["why"])["kind"],
                "owner": Named(after["owner"]),
                "expected": after["expected"],
                "due_on": after["due_on"],
                "created_at": at,
                "status": TaskStatus.OPEN,
                "closed_by": None,
                "closed_at": None,
                "escalated_at": None,
            }
        case Action.TASK_ESCALATED:
            return {"owner": Named(after["owner"]), "escalated_at": at}
        case Action.TASK_HANDED_OVER:
            return {"owner": Named(after["owner"])}
    by_itself = entry["who_kind"] == PrincipalKind.AUTOMATION
    closed_by = None if by_itself else Named(entry["who_id"])
    return {"status": TaskStatus.CLOSED, "closed_at": at, "closed_by": closed_by}


def other_columns(
    row: Any,
    told: Mapping[str, Any],
    names: Mapping[str, Principal],
    renamed: Mapping[str, str],
) -> list[str]:
    """The columns of a row that the chain says otherwise. Who was forgotten is not
    compared; stages have the names that they have now."""
    return [
        column
        for column, said in told.items()
        if not _is(getattr(row, column), said, names, renamed)
    ]


def _is(
    value: Any, said: Any, names: Mapping[str, Principal], renamed: Mapping[str, str]
) -> bool:
    match said:
        case Named(id=id):
            return id not in names or bool(names[id].name == value)
        case None:
            return value is None
    match value:
        case datetime():
            return _instant(said) == value
        case date() | UUID():
            return bool(str(value) == said)
        case str():
            return value in {said, renamed.get(said, said)}
    return bool(value == said)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
