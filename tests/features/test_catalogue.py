from datetime import timedelta
from pathlib import Path

import pytest

from features.catalogue import (
    Catalogue,
    MonotoneConstraint,
    parse_catalogue,
    read_catalogue,
)
from features.errors import CatalogueError
from features.event import OPINION_KINDS, Actor, events_frame
from features.featurise import featurise, moments_frame
from tests.factories import (
    NOW,
    catalogue_text,
    make_catalogue,
    make_event,
    make_events,
)

ROOT = Path(__file__).parents[2]
SHIPPED = {
    name: read_catalogue(ROOT / "features" / f"{name}.toml")
    for name in ("catalogue", "bpic2012")
}
every_shipped = pytest.mark.parametrize("catalogue", SHIPPED.values(), ids=SHIPPED)


@every_shipped
class TestEveryShippedCatalogue:
    def test_is_saved_as_it_was_written(self, catalogue: Catalogue) -> None:
        again = parse_catalogue(catalogue.text)

        assert again == catalogue
        assert again.digest == catalogue.digest

    def test_gives_each_idea_its_signals(self, catalogue: Catalogue) -> None:
        signals = [
            s.name for idea in catalogue.ideas for s in catalogue.signals_of(idea)
        ]

        assert sorted(signals) == sorted(catalogue.names)

    def test_constrains_counts_only(self, catalogue: Catalogue) -> None:
        constrained = {one.aggregate for one in catalogue.signals if one.direction}

        assert constrained <= {"count", "distinct"}

    def test_lists_no_kind_that_a_signal_names(self, catalogue: Catalogue) -> None:
        assert not catalogue.kinds & set(catalogue.other_kinds)

    def test_reads_no_outcome(self, catalogue: Catalogue) -> None:
        outcomes = {"won", "lost", "offer_accepted", "application_approved"}

        assert not outcomes & set(catalogue.known_kinds)


def test_the_b2b_catalogue_is_rich() -> None:
    b2b = SHIPPED["catalogue"]

    assert len(b2b.names) >= 40
    assert len(b2b.ideas) >= 12
    assert b2b.segment == "sector"


def test_mail_opens_are_off_and_unknown() -> None:
    b2b = SHIPPED["catalogue"]

    assert "opens_30d" not in b2b.names
    assert "email_opened" not in b2b.known_kinds


@pytest.mark.parametrize("kind", sorted(OPINION_KINDS))
def test_what_a_person_says_of_a_score_is_no_act_of_theirs(kind: str) -> None:
    b2b = SHIPPED["catalogue"]
    hour = timedelta(hours=1)
    acts = make_events(
        {"occurred_at": NOW - 9 * hour},
        {"kind": "email_sent", "actor": Actor.PERSON, "occurred_at": NOW - 8 * hour},
    )
    said = make_event(
        event_id="said", kind=kind, actor=Actor.PERSON, data={"priority": "basse"}
    )
    moments = moments_frame([("L-1", NOW)])

    before, after = (
        featurise(events_frame(events), moments, b2b).row(0, named=True)
        for events in (acts, [*acts, said])
    )

    opinions = {one.name for one in b2b.signals_of("avis_humain")}
    moved = {name for name in b2b.names if str(before[name]) != str(after[name])}
    assert moved
    assert moved <= opinions


def test_a_catalogue_knows_the_kinds_that_it_names() -> None:
    catalogue = make_catalogue(
        top='kinds = ["call_made"]',
        views='count = { kind = "page_viewed", after = "meeting_held" }',
        reply_hours="latency = { from = { kind = 'email_sent' }, to = {}, "
        "statistic = 'last' }",
        opens='count = { kind = "email_opened" }\nenabled = false',
    )

    assert catalogue.kinds == {"page_viewed", "meeting_held", "email_sent"}
    assert set(catalogue.known_kinds) == catalogue.kinds | {"call_made"}


def test_a_catalogue_knows_the_events_that_it_awaits() -> None:
    awaited = 'awaited = { kind = "email_replied", after = "email_sent" }'
    text = catalogue_text(visits="count = {}").replace(
        'expected = "appel"', f'expected = "appel"\n{awaited}'
    )

    catalogue = parse_catalogue(text)

    assert catalogue.kinds == frozenset()
    assert catalogue.known_kinds == ("email_replied", "email_sent")


def test_a_catalogue_is_its_text() -> None:
    one, other = make_catalogue(visits="count = {}"), make_catalogue(acts="count = {}")

    assert one == make_catalogue(visits="count = {}")
    assert hash(one) == hash(make_catalogue(visits="count = {}"))
    assert one != other


def test_a_direction_is_written_in_words() -> None:
    catalogue = make_catalogue(
        up='count = {}\ndirection = "increasing"',
        down='count = {}\ndirection = "decreasing"',
        any_way="count = {}",
    )

    assert [one.direction for one in catalogue.signals] == [
        MonotoneConstraint.INCREASING,
        MonotoneConstraint.DECREASING,
        MonotoneConstraint.FREE,
    ]


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        pytest.param("", ["needs one aggregate"], id="no-aggregate"),
        pytest.param(
            "count = {}\ndays_since_last = {}",
            ["needs one aggregate", "count", "days_since_last"],
            id="two-aggregates",
        ),
        pytest.param("counts = {}", ["counts"], id="unknown-key"),
        pytest.param("count = { kinds = [] }", ["count.kinds"], id="key-in-a-selector"),
        pytest.param(
            "days_since_last = {}\ndirection = 'increasing'",
            ["direction", "counts only"],
            id="direction-on-recency",
        ),
        pytest.param(
            "latency = { from = {}, to = {}, statistic = 'last' }\n"
            "direction = 'decreasing'",
            ["direction", "counts only"],
            id="direction-on-latency",
        ),
        pytest.param(
            "count = {}\ndirection = 'up'", ["direction", "'up'"], id="no-direction"
        ),
        pytest.param("count = {}\ndirection = 5", ["direction"], id="number-direction"),
        pytest.param(
            "count = {}\nwindow = '30 days'", ["window", "30 days"], id="days"
        ),
        pytest.param("count = {}\nwindow = '0d'", ["window", "'0d'"], id="zero-window"),
        pytest.param("count = {}\nwindow = 30", ["window"], id="window-without-unit"),
        pytest.param("trend = {}", ["a trend needs a window"], id="trend"),
        pytest.param(
            "last = { field = 'page' }\nwindow = '3d'",
            ["last takes no window"],
            id="last-with-a-window",
        ),
        pytest.param(
            "latency = { from = {}, to = {}, statistic = 'last' }\nwindow = '3d'",
            ["latency takes no window"],
            id="latency-with-a-window",
        ),
        pytest.param(
            "latency = { from = {}, to = {}, statistic = 'max' }",
            ["latency.statistic"],
            id="statistic",
        ),
        pytest.param("share = { of = {} }", ["share.among"], id="share-of-nothing"),
        pytest.param("sum = { kind = 'page_viewed' }", ["sum.field"], id="no-field"),
        pytest.param(
            "count = { kind = 'Page viewed' }",
            ["count.kind", "'Page viewed' is no kind"],
            id="bad-kind",
        ),
        pytest.param("count = { kind = 3 }", ["count.kind"], id="kind-is-a-number"),
        pytest.param(
            "count = { after = 'a b' }", ["count.after", "'a b' is no kind"], id="after"
        ),
        pytest.param("count = { actor = 'robot' }", ["count.actor"], id="bad-actor"),
        pytest.param(
            "mean = { field = 'a.b' }", ["mean.field", "'a.b' is no field"], id="field"
        ),
        pytest.param(
            "count = { where = { 'a b' = 1 } }",
            ["count.where", "'a b' is no field"],
            id="field-in-where",
        ),
        pytest.param(
            "count = { where = { page = [] } }",
            ["count.where", "empty list"],
            id="nothing-wanted",
        ),
        pytest.param(
            "count = { where = { page = { x = 1 } } }", ["count.where"], id="nested"
        ),
        pytest.param("count = { where = 3 }", ["count.where"], id="where-is-a-number"),
        pytest.param(
            "last = { field = 'page', type = 'date' }", ["last.type"], id="last-type"
        ),
    ],
)
def test_a_wrong_signal_is_named_with_what_is_wrong(
    signal: str, told: list[str]
) -> None:
    text = catalogue_text(fine="count = {}", wrong=signal)

    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(text, origin="my.toml")

    message = str(caught.value)
    assert message.startswith("my.toml: signal 'wrong': ")
    assert [part for part in told if part not in message] == []
    assert "at least 1 item" not in message


IDEA = '[[idea]]\nname = "interet"\nexpected = "appel"\n'
WRONG_CATALOGUES = {
    "signal-twice": (
        catalogue_text() + '[[signal]]\nname = "visits"\nidea = "interet"\ncount = {}',
        "signal 'visits' stands twice",
    ),
    "idea-twice": (catalogue_text() + IDEA, "idea 'interet' stands twice"),
    "idea-of-no-signal": (
        catalogue_text() + IDEA.replace("interet", "autre"),
        "idea 'autre': no signal speaks of it",
    ),
    "idea-of-signals-that-are-off": (
        catalogue_text(visits="count = {}\nenabled = false"),
        "idea 'interet': no signal speaks of it",
    ),
    "no-such-idea": (
        catalogue_text().replace('idea = "interet"', 'idea = "autre"'),
        "signal 'visits': no idea 'autre'; there are interet",
    ),
    "awaited-kind": (
        catalogue_text() + IDEA.replace("interet", "a") + 'awaited = { kind = "A" }',
        "idea 'a': awaited.kind: 'A' is no kind",
    ),
    "nature": (
        catalogue_text() + IDEA.replace("interet", "a") + 'nature = "x"',
        "idea 'a': nature: ",
    ),
    "unknown-key": (
        catalogue_text(top="signals = 3"),
        "signals: no such key; there are name, segment, kinds, idea, signal, step",
    ),
    "unknown-key-inside": (
        catalogue_text(visits='latency = { form = {}, to = {}, statistic = "last" }'),
        "signal 'visits': latency.form: no such key; there are from, to, statistic",
    ),
    "unknown-key-of-braces": (
        catalogue_text(visits='count = { "{kind}" = 1 }'),
        "signal 'visits': count.{kind}: no such key; there are kind, actor, where",
    ),
    "capital": (
        catalogue_text().replace('name = "visits"', 'name = "Visités"'),
        "name: 'Visités' is no name: lower-case letters without accents, digits and _",
    ),
    "listed-kind": (catalogue_text(top='kinds = ["A"]'), "kinds.0: 'A' is no kind"),
    "segment": (catalogue_text(top='segment = "a.b"'), "segment: 'a.b' is no field"),
    "signal-is-no-table": ("signal = [1]\n" + IDEA, "signal number 1: "),
    "signal-without-name": (
        catalogue_text() + '[[signal]]\nidea = "interet"\ncount = {}',
        "signal number 2: name: ",
    ),
    "no-signal": ('name = "essai"\n' + IDEA, "signal: "),
    "empty-list": ('name = "essai"\nsignal = []\n' + IDEA, "signal: "),
    "empty": ("", "name: "),
    "syntax": (catalogue_text() + "[[signal]\n", "(at line 14, column 9)"),
}


@pytest.mark.parametrize(
    ("text", "told"), WRONG_CATALOGUES.values(), ids=WRONG_CATALOGUES
)
def test_a_wrong_catalogue_is_told_where(text: str, told: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(text, origin="my.toml")

    assert str(caught.value).startswith("my.toml: ")
    assert told in str(caught.value)


def test_every_mistake_is_told_at_once() -> None:
    text = catalogue_text(a="count = {}\nwindow = 'x'", b="count = { kind = 'A' }")

    with pytest.raises(
        CatalogueError, match=r"signal 'a': window.*; signal 'b': count"
    ):
        parse_catalogue(text)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"absent\.toml"):
        read_catalogue(tmp_path / "absent.toml")


def test_a_file_with_a_byte_order_mark_is_read_as_without(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_text(catalogue_text(), encoding="utf-8-sig")

    assert read_catalogue(path) == make_catalogue()


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "été"'.encode("latin-1"))

    with pytest.raises(CatalogueError, match=r"latin\.toml"):
        read_catalogue(path)
