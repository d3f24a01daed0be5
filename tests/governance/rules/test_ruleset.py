"""Files of rules: what ships is sound, and what is wrong is told with its line."""

from pathlib import Path

import pytest

from governance.errors import RulesError
from governance.rules.rule import Target
from governance.rules.ruleset import RULES_FILE, read_rules
from tests.governance.rule_builders import PIPELINE, rule_text, rules_file, rules_text

TASK = '{ create_task = { expected = "appel", working_days = 1 } }'


def test_the_rules_that_ship_are_sound_and_none_makes_a_move() -> None:
    rules = read_rules(RULES_FILE, PIPELINE)
    assert len(rules.rule) >= 10
    assert {rule.target for rule in rules.rule} == set(Target)


@pytest.mark.parametrize("rule", read_rules(RULES_FILE, PIPELINE).rule)
def test_every_rule_that_ships_is_told_in_good_typography(rule: object) -> None:
    text = f"{getattr(rule, 'title')} {getattr(rule, 'why')}"  # noqa: B009
    assert "'" not in text
    assert not any(f" {mark}" in text for mark in ":;?!»")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"priority": '"high"'}, "line 8: rule 'R-01', priority"),
        ({"owner": ""}, "line 3: rule 'R-01', owner: Field required"),
        (
            {"colour": '"red"'},
            "line 11: rule 'R-01', colour: no such key; there are id, ",
        ),
        ({"id": '"rule 1"'}, "line 4: rule 'rule 1', id"),
        ({"then": "{}"}, "line 10: rule 'R-01', then: needs one action"),
        (
            {"then": '{ delete = "all" }'},
            "line 10: rule 'R-01', then.delete: no such key; there are ",
        ),
        ({"then": '{ propose_move = "ailleurs" }'}, "has no stage 'ailleurs'"),
        ({"on": '{ event = { actor = "lead" } }'}, "names the kind of event"),
        ({"on": "{ score = { rises_by = 2 } }"}, "greater than or equal to 3"),
        ({"on": '{ event = {}, schedule = ["monday"] }'}, "needs one of event"),
        ({"on": '{ silence = {}, lasting = "soon" }'}, "'soon' is no duration"),
        ({"on": '{ schedule = ["lundi"] }'}, "on.schedule"),
        ({"when": '[{ known = "mood", in = "good" }]'}, "when.0.known"),
        ({"when": '[{ known = "score", in = "A" }]'}, "a number has at_least"),
        ({"when": '[{ known = "grade", at_least = 1 }]'}, "a name in or not_in"),
        ({"when": '[{ known = "score" }]'}, "needs at_least"),
        ({"when": "[{ at_least = 1 }]"}, "needs one of known"),
        (
            {"when": '[{ last = { field = "text", type = "text" }, at_least = 1 }]'},
            "a free text is for models",
        ),
        ({"when": '[{ known = "doubt", in = "x" }]'}, "for exceptions"),
        (
            {"valid_from": "2026-02-01", "valid_to": "2026-01-01"},
            "valid_to comes before",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_line(
    tmp_path: Path, rule: dict[str, str], told: str
) -> None:
    path = rules_file(tmp_path, rules_text(rule_text(**rule)))
    with pytest.raises(RulesError) as caught:
        read_rules(path, PIPELINE)
    assert str(caught.value).startswith(f"{path}: line ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = 0", "line 1: version"),
        ("version = 1\nspeed = 3", "line 2: speed"),
        ("version = = 1", "line 1"),
        (
            rules_text(rule_text(), rule_text(priority="2")),
            "line 13: rule 'R-01' stands twice",
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_told_too(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(RulesError) as caught:
        read_rules(rules_file(tmp_path, text), PIPELINE)
    assert told in str(caught.value)


VISIT = '{ event = { kind = "page_viewed" } }'
SILENT = '{ silence = { actor = "lead" }, lasting = "10d" }'


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        pytest.param({}, {}, True, id="same event"),
        pytest.param({}, {"priority": "11"}, False, id="another priority"),
        pytest.param({}, {"then": TASK}, False, id="another target"),
        pytest.param(
            {},
            {"on": '{ event = { kind = ["won", "page_viewed"] } }'},
            True,
            id="kinds overlap",
        ),
        pytest.param({}, {"on": '{ event = { kind = "won" } }'}, False, id="kinds"),
        pytest.param(
            {"on": '{ event = { kind = "page_viewed", actor = "lead" } }'},
            {"on": '{ event = { kind = "page_viewed", actor = "person" } }'},
            False,
            id="actors apart",
        ),
        pytest.param(
            {"sources": '["crm"]'}, {"sources": '["site"]'}, False, id="sources apart"
        ),
        pytest.param({"sources": '["crm"]'}, {}, True, id="one source of any"),
        pytest.param({}, {"on": SILENT}, False, id="an event and a tick"),
        pytest.param({}, {"on": "{ score = { rises_by = 5 } }"}, True, id="a score"),
        pytest.param({"on": SILENT}, {"on": SILENT}, True, id="two silences"),
        pytest.param(
            {"on": '{ schedule = ["monday"] }'},
            {"on": '{ schedule = ["friday", "tuesday"] }'},
            False,
            id="days apart",
        ),
        pytest.param(
            {"valid_to": "2026-01-31"},
            {"valid_from": "2026-02-01"},
            False,
            id="seasons",
        ),
        pytest.param({}, {"state": '"suspended"'}, False, id="one is suspended"),
    ],
)
def test_equal_priorities_that_can_conflict_are_refused(
    tmp_path: Path, one: dict[str, str], other: dict[str, str], *, refused: bool
) -> None:
    text = rules_text(rule_text(**one), rule_text(**{"id": '"R-02"'} | other))
    path = rules_file(tmp_path, text)
    if not refused:
        assert len(read_rules(path, PIPELINE).rule) == 2
        return
    with pytest.raises(RulesError, match="rule 'R-02': R-01 has priority 10 as well"):
        read_rules(path, PIPELINE)


def test_an_absent_file_is_our_own_error(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="nowhere"):
        read_rules(tmp_path / "nowhere.toml", PIPELINE)
