"""A chain says where it was changed, whatever was done to it."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest

from governance.audit.chain import (
    BEGINNING,
    Action,
    AuditCause,
    AuditEntry,
    Break,
    BreakKind,
    Head,
    Link,
    Subject,
    SubjectKind,
    Text,
    chained,
    first_break,
)
from governance.people.principal import Principal, PrincipalKind

AWA = Principal(PrincipalKind.PERSON, "Awa Diallo")
LEAD = UUID(int=1)
IDS = {AWA: UUID(int=2)}


def make_entry(number: int = 0) -> AuditEntry:
    return AuditEntry(
        id=UUID(int=100 + number),
        action=Action.STAGE_MOVED,
        by=AWA,
        subject=Subject(SubjectKind.DECISION, UUID(int=100 + number)),
        before={"stage": "nouveau"},
        after={"stage": "qualifie", "owner": AWA},
        why={"score": 51.25, "clause": "P-01"},
        lead=LEAD,
    )


def make_row(number: int = 0) -> dict[str, Text]:
    cause = AuditCause(correlation=UUID(int=3), event=number)
    return make_entry(number).row(
        IDS, cause, datetime(2026, 11, 24, 9, number, tzinfo=UTC)
    )


@pytest.fixture
def chain() -> list[Link]:
    return list(chained([make_row(n) for n in range(5)], Head()))


def test_a_chain_holds_whole_and_from_any_row_on(chain: list[Link]) -> None:
    assert [link.seq for link in chain] == [1, 2, 3, 4, 5]
    anchors = {2: chain[1].hash, 5: chain[4].hash}
    assert first_break(chain, anchors) is None
    assert first_break(chain[1:], anchors, since=2) is None
    assert first_break([], {}) is None


@pytest.mark.parametrize("means", ['"means":"service",', ""])
def test_a_hash_can_be_computed_by_hand(means: str) -> None:
    """Of a row of before there were means as well."""
    kept = make_row()
    if not means:
        del kept["means"]
    (link,) = chained([kept], Head())
    row = (
        '{"action":"stage_moved","at":"2026-11-24T09:00:00.000000Z",'
        '"causation_id":null,"correlation_id":"00000000-0000-0000-0000-000000000003",'
        '"depth":0,"event_id":0,"id":"00000000-0000-0000-0000-000000000064",'
        f'"lead_id":"00000000-0000-0000-0000-000000000001",{means}"seq":1,'
        '"state_after":"{\\"owner\\":\\"00000000-0000-0000-0000-000000000002\\",'
        '\\"stage\\":\\"qualifie\\"}","state_before":"{\\"stage\\":\\"nouveau\\"}",'
        '"subject_id":"00000000-0000-0000-0000-000000000064",'
        '"subject_kind":"decision","who_id":"00000000-0000-0000-0000-000000000002",'
        '"who_kind":"person","why":"{\\"clause\\":\\"P-01\\",\\"score\\":51.25}"}'
    )
    assert link.hash == sha256(f"{BEGINNING}\n{row}".encode()).hexdigest()


@pytest.mark.parametrize("column", sorted(make_row()))
@pytest.mark.parametrize("forged", ["forged", None, b"\xff", 7])
def test_a_change_of_any_column_is_found(
    chain: list[Link], column: str, forged: str
) -> None:
    if chain[2].row[column] == forged:
        forged = "another"
    chain[2] = replace(chain[2], row={**chain[2].row, column: forged})
    assert first_break(chain, {}) == Break(BreakKind.ROW_CHANGED, 3)


def test_a_row_forged_with_its_hash_is_found_at_the_next(chain: list[Link]) -> None:
    forged = {**chain[2].row, "who_kind": "person"} | {"why": "{}"}
    chain[2:3] = chained([forged], Head(2, chain[1].hash))
    assert first_break(chain, {}) == Break(BreakKind.ROW_UNLINKED, 4)


def test_a_chain_forged_to_its_end_is_found_at_the_anchor(chain: list[Link]) -> None:
    anchors = {4: chain[3].hash}
    rows = [{**link.row, "why": "{}"} for link in chain[2:]]
    chain[2:] = chained(rows, Head(2, chain[1].hash))
    assert first_break(chain, {}) is None
    assert first_break(chain, anchors) == Break(BreakKind.ANCHOR_DIFFERS, 4)


@pytest.mark.parametrize("gone", range(4))
def test_a_row_taken_out_is_found(chain: list[Link], gone: int) -> None:
    del chain[gone]
    assert first_break(chain, {}) == Break(BreakKind.ROW_MISSING, gone + 1)


@pytest.mark.parametrize("kept", range(5))
def test_a_cut_tail_is_found_up_to_the_last_anchor(
    chain: list[Link], kept: int
) -> None:
    anchors = {2: chain[1].hash, 4: chain[3].hash}
    found = first_break(chain[:kept], anchors)
    assert found == (None if kept == 4 else Break(BreakKind.TAIL_CUT, kept + 1))


def test_an_anchored_row_that_is_gone_is_found_from_there(chain: list[Link]) -> None:
    anchors = {2: chain[1].hash}
    missing, cut = BreakKind.ROW_MISSING, BreakKind.TAIL_CUT
    assert first_break(chain[2:], anchors, since=2) == Break(missing, 2)
    assert first_break([], anchors, since=2) == Break(cut, 2)


def test_nobody_is_named_in_a_row() -> None:
    assert "Awa" not in str(make_row())
    assert make_entry().principals == {AWA}
