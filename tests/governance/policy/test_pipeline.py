from pathlib import Path

import pytest

from governance.errors import PipelineError, StageUnknownError
from governance.policy.pipeline import PIPELINE_FILE, StageRole, read_pipeline


def test_the_pipeline_that_ships_reserves_the_two_decisions() -> None:
    pipeline = read_pipeline()

    reserved = {stage.name for stage in pipeline.stage if stage.reserved}
    assert reserved == {"negociation_finale", "perdu"}
    assert pipeline.entry == "nouveau"
    assert pipeline.of_role(StageRole.WON) == "gagne"


@pytest.mark.parametrize("name", ["negociation_finale", "perdu"])
def test_a_pipeline_that_unlocks_a_reserved_decision_is_refused(
    tmp_path: Path, name: str
) -> None:
    before, after = PIPELINE_FILE.read_text().split(f'name = "{name}"')
    with pytest.raises(PipelineError, match=f"'{name}' unlocks"):
        read_pipeline(
            _file(tmp_path, f'{before}name = "{name}"{_without_reserved(after)}')
        )


def test_a_pipeline_that_frees_concessions_is_refused(tmp_path: Path) -> None:
    text = PIPELINE_FILE.read_text().replace("_percent = 10", "_percent = 50")
    with pytest.raises(PipelineError, match="concession_above_percent"):
        read_pipeline(_file(tmp_path, text))


def test_a_company_may_reserve_more(tmp_path: Path) -> None:
    text = PIPELINE_FILE.read_text().replace(
        'name = "proposition"', 'name = "proposition"\nreserved = true'
    )
    assert read_pipeline(_file(tmp_path, text)).named("proposition").reserved


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("stage = 3", "stage", id="not-a-list"),
        pytest.param(
            "[[stage]]\nname = 'x'\nlocked = true", "locked", id="unknown-key"
        ),
        pytest.param("[[stage", "end of document", id="not-toml"),
        pytest.param(
            PIPELINE_FILE.read_text().replace('role = "won"', ""),
            "role 'won' is held by 0",
            id="no-won",
        ),
        pytest.param(
            PIPELINE_FILE.read_text().replace('"contacte"', '"nouveau"'),
            "line 26: stage 'nouveau' stands twice",
            id="twice",
        ),
        pytest.param(
            PIPELINE_FILE.read_text().replace('"contacte"', '"Contacté"'),
            "line 26: stage 'Contacté', name",
            id="bad-name",
        ),
    ],
)
def test_a_malformed_pipeline_says_where(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PipelineError, match=told) as caught:
        read_pipeline(_file(tmp_path, text))
    assert "pipeline.toml" in str(caught.value)


def test_an_absent_pipeline_is_our_own_error(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="nowhere"):
        read_pipeline(tmp_path / "nowhere.toml")


def test_an_unknown_stage_is_an_error() -> None:
    with pytest.raises(StageUnknownError):
        read_pipeline().named("ailleurs")


def _file(folder: Path, text: str) -> Path:
    path = folder / "pipeline.toml"
    path.write_text(text)
    return path


def _without_reserved(text: str) -> str:
    return text.replace("reserved = true", "", 1)
