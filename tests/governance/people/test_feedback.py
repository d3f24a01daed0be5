"""The short lists, and how long a person's word on a priority stands."""

from datetime import timedelta
from pathlib import Path

import pytest

from features.event import Actor, Event
from governance.errors import JudgementError
from governance.people.disagreement import By, Judged, disagreements
from governance.people.feedback import JUDGEMENT_FILE, OverrideStanding, read_judgement
from tests.factories import NOW, make_event

JUDGEMENT = read_judgement()


def word(kind: str = "priority_contested", **more: object) -> Event:
    own = {"source": "frein", "actor": Actor.PERSON, "kind": kind}
    return make_event(**own | more)


def fact(kind: str, hours: int) -> Event:
    return make_event(kind=kind, occurred_at=NOW + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        pytest.param([fact("email_replied", -1)], OverrideStanding.NONE, id="no-word"),
        pytest.param([word(source="crm")], OverrideStanding.NONE, id="not-ours"),
        pytest.param([word()], OverrideStanding.STANDS, id="contested"),
        pytest.param(
            [word("priority_confirmed")], OverrideStanding.STANDS, id="confirmed"
        ),
        pytest.param(
            [fact("email_replied", -1), word()],
            OverrideStanding.STANDS,
            id="known-before",
        ),
        pytest.param(
            [word(), fact("page_viewed", 1)],
            OverrideStanding.STANDS,
            id="kind-not-declared",
        ),
        pytest.param(
            [fact("email_replied", 1), word()], OverrideStanding.REOPENED, id="since"
        ),
        pytest.param(
            [
                word(),
                make_event(
                    kind="email_replied",
                    occurred_at=NOW - timedelta(days=3),
                    received_at=NOW + timedelta(hours=1),
                ),
            ],
            OverrideStanding.REOPENED,
            id="learnt-since",
        ),
        pytest.param(
            [word(), fact("email_replied", 1), word(received_at=NOW + timedelta(2))],
            OverrideStanding.STANDS,
            id="said-again",
        ),
    ],
)
def test_a_word_stands_until_new_facts(
    events: list[Event], standing: OverrideStanding
) -> None:
    assert JUDGEMENT.standing(events) is standing


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('name = "autre"', 'name = "budget"', "twice"),
        ("value = -1", "value = -2", "five steps"),
        ("value = -1", "value = -3", "tone.1.value"),
        ("needs_text", "wants_text", "reason.7.wants_text"),
        ("[[tone]]", "[tone", "judgement.toml"),
    ],
)
def test_an_odd_file_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    shipped = JUDGEMENT_FILE.read_text(encoding="utf-8")
    assert old in shipped
    file = tmp_path / "judgement.toml"
    file.write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(JudgementError, match=why):
        read_judgement(file)


def test_what_is_contested_often_comes_before_what_was_once() -> None:
    often = [Judged(agrees=n > 7, rule="R-02", segment="btp") for n in range(10)]
    once = Judged(agrees=False, rule="R-01", ideas=frozenset({"devis", "profil"}))
    found = disagreements([once, *often, Judged(agrees=True, rule="R-01")])
    assert [(one.by, one.name, one.contested, one.judged) for one in found] == [
        (By.RULE, "R-02", 8, 10),
        (By.RULE, "R-01", 1, 2),
        (By.IDEA, "devis", 1, 1),
        (By.IDEA, "profil", 1, 1),
        (By.SEGMENT, "btp", 8, 10),
    ]
