from pathlib import Path

import tomli_w
from typer.testing import CliRunner

import frein
from tests.data.import_builders import SOUND_ROW, make_event_mapping, write_csv


def test_an_accepted_import_tells_why_rows_were_rejected(tmp_path: Path) -> None:
    source = write_csv(tmp_path, SOUND_ROW, "L-1,yesterday,Visit,,", ",,Visit,,")
    mapping = tmp_path / "mapping.toml"
    written = make_event_mapping().model_dump(mode="json", exclude_unset=True)
    mapping.write_text(tomli_w.dumps(written))
    asked = ["data", "import", str(source), "--mapping", str(mapping)]
    log = tmp_path / "log"

    said = CliRunner().invoke(
        frein.app, [*asked, "--out", str(log), "--max-rejected", "0.9"]
    )

    assert said.exit_code == 0, said.output
    assert "  1 times column 'when': not a time written as ISO 8601" in said.output
    assert f"each rejected row and why: {log / 'rejected.csv'}" in said.output
