from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import frein
from tests.factories import make_catalogue
from tests.training.builders import make_moments, make_visit_log
from tests.training.conftest import Shelf
from training.evaluation.catalogue_report import idle_signals

LOG = make_visit_log(n_leads=80)
MISSPELT = 'count = { kind = "page_viewed", where = { page = "tarif" } }'
UNHELD = 'count = { kind = "meeting_heldd" }'


@pytest.mark.parametrize(
    ("aggregate", "told"),
    [
        pytest.param(
            UNHELD,
            "always 0: no event of the log is meeting_heldd",
            id="a kind of none",
        ),
        pytest.param(
            'sum = { kind = "attributes_set", field = "hedcount" }',
            "always 0: no event gives it a value",
            id="a misspelt field",
        ),
        pytest.param(MISSPELT, "always 0: no event gives", id="a misspelt value"),
        pytest.param(
            'sum = { kind = "attributes_set", field = "sector" }',
            "always 0: no event gives it a value",
            id="the sum of a text",
        ),
        pytest.param(
            'last = { kind = "email_sent", field = "size" }',
            "never known: no event gives it a value",
            id="an unknown number",
        ),
        pytest.param(
            'last = { kind = "email_sent", field = "size", type = "category" }',
            "never known: no event gives it a value",
            id="an unknown category",
        ),
        pytest.param(
            'count = { kind = "email_sent" }',
            "always 1: it tells no lead from another",
            id="a constant",
        ),
        pytest.param(
            'last = { kind = "page_viewed", field = "page", type = "category" }',
            None,
            id="one value, not always known",
        ),
        pytest.param('count = { kind = "page_viewed" }', None, id="one that varies"),
    ],
)
def test_a_signal_that_says_nothing_is_told_of(
    aggregate: str, told: str | None
) -> None:
    catalogue = make_catalogue(tried=aggregate)
    _, signals = make_moments(LOG, catalogue)

    found = idle_signals(signals, catalogue, LOG.kinds)

    assert (told is None) == (found == {})
    assert found.get("tried", "").startswith(told or "")


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The shipped one, and a signal that selects nothing, apart from its idea's."""
    shipped = Path(frein.__file__).parent / "features" / "catalogue.toml"
    tarif = f'\n[[signal]]\nname = "tarif"\nidea = "interet_tarifs"\n{MISSPELT}\n'
    mine = tmp_path / "mine.toml"
    mine.write_text(shipped.read_text() + tarif)
    return mine


def warned(command: list[str], log: Path, catalogue: Path) -> tuple[Result, list[str]]:
    """What a command says, and the signals that it warns of."""
    asked = [*command, "--log", str(log), "--catalogue", str(catalogue)]
    said = CliRunner().invoke(frein.app, [*asked, "--moments", "30d"])
    assert said.exit_code == 0, said.output
    lines = [line for line in said.output.splitlines() if line.startswith("⚠ ")]
    return said, [line.removeprefix("⚠ ").partition(":")[0] for line in lines]


def test_a_training_warns_of_what_taught_nothing(
    little_log: Path, store: Shelf, catalogue: Path
) -> None:
    """Of opinions it doesn't: they come from the service, later."""
    said, names = warned(["train", "--horizon", "30d"], little_log, catalogue)
    assert names == ["tarif"]
    assert "⚠ tarif" in said.stderr


def test_a_description_warns_too_and_has_each_idea_once(
    little_log: Path, catalogue: Path
) -> None:
    said, names = warned(["features", "describe"], little_log, catalogue)
    assert "tarif" in names
    assert said.stdout.count("interet_tarifs") == 1
