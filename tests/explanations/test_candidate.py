"""Candidates: the strongest ideas that rest on something, the same things once."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pytest

from explanations.absence import Absence
from explanations.candidate import (
    MOST_CHECKED,
    WORTH_CHECKING,
    Candidate,
    Candidates,
    find_candidates,
)
from explanations.evidence import Pieces
from explanations.reason import Check, Direction, Evidence
from explanations.scorer import Contributions
from features.catalogue import Catalogue, parse_catalogue
from features.compiled_catalogue import NONE
from features.event import Event, events_frame
from features.featurise import moments_frame
from features.snapshot import Snapshot, snapshot
from tests.explanations.models import make_facts
from tests.explanations.test_absence import time_of
from tests.factories import NOW, make_event

VISITS = 'count = { kind = "page_viewed" }'
RECENT = 'count = { kind = "page_viewed" }\nwindow = "7d"'
MAILS = 'count = { kind = "email_sent" }'
REPLY = 'awaited = { kind = "email_replied", after = "email_sent" }'


def make_catalogue(ideas: Mapping[str, str], **more: str) -> Catalogue:
    """One signal an idea; `more` completes an idea."""
    tables = [
        f'[[idea]]\nname = "{idea}"\nexpected = "appel"\n{more.get(idea, "")}\n'
        f'[[signal]]\nname = "signal_{idea}"\nidea = "{idea}"\n{aggregate}'
        for idea, aggregate in ideas.items()
    ]
    kinds = '["page_viewed", "email_sent", "email_replied"]'
    return parse_catalogue("\n".join(['name = "essai"', f"kinds = {kinds}", *tables]))


def seen_of(catalogue: Catalogue, *events: Event) -> Snapshot:
    """L-1 at NOW."""
    return snapshot(events_frame(events), moments_frame([("L-1", NOW)]), catalogue)


def candidates_of(
    catalogue: Catalogue,
    shares: list[float],
    *events: Event,
    delays: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Candidate]:
    """Those of L-1 at NOW, given each idea's share of the log-odds."""
    return every(
        find_candidates(
            seen_of(catalogue, *events),
            Contributions(np.array([-1.0]), np.array([shares])),
            catalogue,
            make_facts(usual_delay_hours=delays or {}),
        )
    )


def every(found: Candidates) -> list[Candidate]:
    return list(found.each(np.arange(len(found))))


def visit(name: str = "visit", days_ago: float = 1) -> Event:
    return make_event(event_id=name, occurred_at=NOW - timedelta(days=days_ago))


def mail(name: str = "mail", days_ago: float = 2) -> Event:
    at = NOW - timedelta(days=days_ago)
    return make_event(event_id=name, kind="email_sent", occurred_at=at, source="mail")


def test_an_idea_with_evidence_is_a_candidate_for_deletion() -> None:
    catalogue = make_catalogue({"visites": VISITS})
    events = (visit("b", 1), visit("a", 3))
    (found,) = candidates_of(catalogue, [0.8], *events)
    assert (found.idea, found.way, found.check) == (
        "visites",
        Direction.UP,
        Check.DELETION,
    )
    assert found.log_odds == 0.8
    assert isinstance(found.basis, Pieces)
    timelines = seen_of(catalogue, *events).timelines
    told = found.basis.told(timelines)
    assert told == (Evidence("site", "a"), Evidence("site", "b"))
    assert time_of(found.basis.last_at(timelines)) == NOW - timedelta(days=1)


def test_an_idea_without_evidence_cannot_be_checked() -> None:
    catalogue = make_catalogue({"visites": VISITS, "mails": MAILS})
    assert [one.idea for one in candidates_of(catalogue, [0.8, 0.9], visit())] == [
        "visites"
    ]
    assert candidates_of(catalogue, [0.8, 0.9]) == []


def test_ideas_on_the_same_evidence_are_one_told_under_the_heavier() -> None:
    catalogue = make_catalogue({"visites": VISITS, "recentes": RECENT, "mails": MAILS})
    found = candidates_of(catalogue, [0.3, 0.5, 0.6], visit(), mail())
    assert [one.idea for one in found] == ["recentes", "mails"]
    assert found[0].log_odds == pytest.approx(0.8)
    contributions = Contributions(np.array([-1.0]), np.array([[0.3, 0.5, 0.6]]))
    _, points, _ = contributions.points()
    assert found[0].points == pytest.approx(points[0, 0] + points[0, 1])


def test_ideas_that_share_some_evidence_only_stay_apart() -> None:
    catalogue = make_catalogue({"visites": VISITS, "recentes": RECENT})
    found = candidates_of(catalogue, [0.3, 0.5], visit(), visit("old", 20))
    assert [one.idea for one in found] == ["recentes", "visites"]


def test_opposite_shares_on_the_same_evidence_are_netted() -> None:
    catalogue = make_catalogue({"visites": VISITS, "recentes": RECENT})
    (found,) = candidates_of(catalogue, [0.3, -0.5], visit())
    assert (found.idea, found.way) == ("recentes", Direction.DOWN)
    assert found.log_odds == pytest.approx(-0.2)
    assert candidates_of(catalogue, [0.3, -0.3], visit()) == []


def test_two_ideas_that_await_the_same_event_are_one() -> None:
    catalogue = make_catalogue(
        {"reponses": MAILS, "silence": VISITS}, reponses=REPLY, silence=REPLY
    )
    delays = {"reponses": {"*": 24.0}, "silence": {"*": 24.0}}
    (found,) = candidates_of(catalogue, [-0.2, -0.4], mail(), visit(), delays=delays)
    assert (found.idea, found.check) == ("silence", Check.INSERTION)
    assert found.log_odds == pytest.approx(-0.6)
    assert isinstance(found.basis, Absence)
    assert time_of(found.basis.since) == mail().occurred_at
    assert time_of(found.basis.due) == mail().occurred_at + timedelta(hours=24)
    (inserted, _) = seen_of(catalogue).program.insertions
    assert inserted.kind == "email_replied"
    assert found.basis.insertion == 1


@pytest.mark.parametrize(
    ("other", "delay"),
    [
        pytest.param(REPLY, 25.0, id="another time"),
        pytest.param(
            'awaited = { kind = "page_viewed", after = "email_sent" }',
            24.0,
            id="another kind",
        ),
        pytest.param(
            REPLY.replace(" }", ', where = { to = "relance" } }'),
            24.0,
            id="another content",
        ),
    ],
)
def test_ideas_that_await_different_events_stay_apart(other: str, delay: float) -> None:
    catalogue = make_catalogue(
        {"reponses": MAILS, "silence": MAILS}, reponses=REPLY, silence=other
    )
    delays = {"reponses": {"*": 24.0}, "silence": {"*": delay}}
    found = candidates_of(catalogue, [-0.2, -0.4], mail(), delays=delays)
    assert [one.idea for one in found] == ["silence", "reponses"]


def test_an_overdue_event_explains_a_fall_and_never_a_rise() -> None:
    catalogue = make_catalogue({"reponses": MAILS}, reponses=REPLY)
    delays = {"reponses": {"*": 24.0}}
    (falling,) = candidates_of(catalogue, [-0.4], mail(), delays=delays)
    (rising,) = candidates_of(catalogue, [0.4], mail(), delays=delays)
    (not_due,) = candidates_of(catalogue, [-0.4], mail("mail", 0.5), delays=delays)
    assert falling.check is Check.INSERTION
    assert rising.check is not_due.check is Check.DELETION


def test_the_strongest_come_first_whichever_their_way() -> None:
    ideas = {f"idee_{i}": f"{VISITS}\nwindow = '{i + 1}d'" for i in range(5)}
    visits = [visit(f"v{i}", i + 0.5) for i in range(5)]
    shares = [0.1, -0.7, 0.2, -0.3, 0.6]
    found = candidates_of(make_catalogue(ideas), shares, *visits)
    assert [one.log_odds for one in found] == [-0.7, 0.6, -0.3, 0.2, 0.1]


def test_only_the_strongest_are_worth_a_check() -> None:
    n = MOST_CHECKED + 3
    ideas = {f"idee_{i}": f"{VISITS}\nwindow = '{i + 1}d'" for i in range(n)}
    visits = [visit(f"v{i}", i + 0.5) for i in range(n)]
    shares = [0.1 + i / 100 for i in range(n)]
    found = candidates_of(make_catalogue(ideas), shares, *visits)
    assert [one.idea for one in found] == [f"idee_{i}" for i in range(n - 1, 2, -1)]


@pytest.mark.parametrize(
    ("share", "n"),
    [
        pytest.param(WORTH_CHECKING, 1, id="at the limit"),
        pytest.param(-WORTH_CHECKING, 1, id="at the limit, down"),
        pytest.param(WORTH_CHECKING - 1e-9, 0, id="just under"),
        pytest.param(0.0, 0, id="nothing"),
    ],
)
def test_a_weak_idea_is_not_worth_a_check(share: float, n: int) -> None:
    catalogue = make_catalogue({"visites": VISITS})
    assert len(candidates_of(catalogue, [share], visit())) == n


def test_candidates_come_row_by_row() -> None:
    catalogue = make_catalogue({"visites": VISITS, "mails": MAILS})
    events = events_frame([visit(), mail()])
    moments = moments_frame([("L-1", NOW), ("L-2", NOW), ("L-1", NOW)])
    by_idea = np.array([[0.1, 0.2], [0.9, 0.9], [0.4, 0.3]])
    found = find_candidates(
        snapshot(events, moments, catalogue),
        Contributions(np.zeros(3), by_idea),
        catalogue,
        make_facts(),
    )
    assert [(one.row, one.idea) for one in every(found)] == [
        (0, "mails"),
        (0, "visites"),
        (2, "visites"),
        (2, "mails"),
    ]


def test_a_variant_goes_without_the_evidence_or_with_the_event() -> None:
    catalogue = make_catalogue({"visites": VISITS, "mails": MAILS}, mails=REPLY)
    events = (visit("b", 1), visit("a", 3), mail())
    found = find_candidates(
        seen_of(catalogue, *events),
        Contributions(np.array([-1.0]), np.array([[0.8, -0.4]])),
        catalogue,
        make_facts(usual_delay_hours={"mails": {"*": 24.0}}),
    )
    assert [one.idea for one in every(found)] == ["visites", "mails"]
    variants = found.variants(np.array([1, 0]))
    taken = [
        variants.event[start:end].tolist()
        for start, end in zip(variants.start, variants.end, strict=True)
    ]
    assert taken == [[], [0, 2]]
    assert variants.insertion.tolist() == [0, NONE]
    due = mail().occurred_at + timedelta(hours=24)
    assert time_of(int(variants.at[0])) == due


def test_a_place_counts_the_stronger_of_the_same_row_and_way() -> None:
    ideas = {f"idee_{i}": f"{VISITS}\nwindow = '{i + 1}d'" for i in range(4)}
    catalogue = make_catalogue(ideas)
    events = events_frame([visit(f"v{i}", i + 0.5) for i in range(4)])
    found = find_candidates(
        snapshot(events, moments_frame([("L-1", NOW)] * 2), catalogue),
        Contributions(np.zeros(2), np.array([[0.4, -0.3, 0.2, 0.1]] * 2)),
        catalogue,
        make_facts(),
    )
    all_of_them = np.ones(8, bool)
    assert found.place(among=all_of_them).tolist() == [0, 0, 1, 2] * 2
    but_the_first = np.array([False, *all_of_them[1:]])
    assert found.place(among=but_the_first).tolist() == [0, 0, 0, 1, 0, 0, 1, 2]
