"""Mappings: the shipped ones load, and each mistake names its file and key."""

import re
from pathlib import Path

import pytest

from data.importing.errors import ImportFailedError
from data.importing.mapping import load_mapping

SHIPPED = sorted((Path(__file__).parents[2] / "data" / "mappings").glob("*.toml"))

SOUND = """\
name = "visits"
shape = "events"
source = "crm"
time_zone = "Europe/Paris"
won_kinds = ["won"]
[columns]
lead_id = "lead"
time = "when"
kind = "what"
[kinds]
Visit = "page_viewed"
Signed = "won"
"""


def write_mapping(folder: Path, text: str) -> Path:
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_mapping_loads(path: Path) -> None:
    assert load_mapping(path).name == path.stem


def test_a_mapping_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = write_mapping(tmp_path, f"\ufeff{SOUND}")
    assert load_mapping(path).name == "visits"


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    mapping = load_mapping(write_mapping(tmp_path, SOUND))
    assert (mapping.delimiter, mapping.decimal) == (",", ".")
    assert mapping.ranking() == ("won", "lost", "attributes_set")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('shape = "events"', "", "key 'shape': "),
        ('"events"', '"rows"', "key 'shape': "),
        ('name = "visits"', "", "key 'name': Field required"),
        ('lead_id = "lead"', "", "key 'columns.lead_id': Field required"),
        ('lead_id = "lead"', 'leads = "lead"', "key 'columns.leads': Extra inputs"),
        ('"page_viewed"', '"Page viewed"', "key 'kinds.Visit': "),
        ("Europe/Paris", "Europe/Pari", "key 'time_zone': no time zone 'Europe/Pari'"),
        ("Europe/Paris", "../etc", "key 'time_zone': no time zone '../etc'"),
        ('["won"]', '["sold"]', "won_kinds names 'sold', which [kinds] never gives"),
        ("[columns]", 'order = ["x"]\n[columns]', "order names 'x', which [kinds]"),
        ("[columns]", 'encoding = "x"\n[columns]', "key 'encoding': no encoding 'x'"),
        ("[columns]", 'delimiter = ";;"\n[columns]', "key 'delimiter': "),
        ("[columns]", 'time_format = "%Q"\n[columns]', "key 'time_format': "),
        ("[columns]", 'time_format = "%H:%M"\n[columns]', "holds no full date"),
        ("[kinds]", '[actor]\nvalues = {x = "lead"}\n[kinds]', "name the column"),
        ("[kinds]", '[actor]\ndefault = "robot"\n[kinds]', "key 'actor.default': "),
        ("[kinds]", '[data.x]\ncolumn="x"\ntype="date"\n[kinds]', "'data.x.type'"),
        ('source = "crm"', "source = ", "is no TOML: Invalid value (at line 3"),
    ],
)
def test_a_mistake_names_its_file_and_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = write_mapping(tmp_path, SOUND.replace(old, new))
    with pytest.raises(ImportFailedError, match=re.escape(said)) as caught:
        load_mapping(path)
    assert str(path) in str(caught.value)


def test_a_closing_time_needs_an_outcome(tmp_path: Path) -> None:
    text = SOUND.replace('"events"', '"leads"').split("[kinds]")[0]
    text = text.replace('won_kinds = ["won"]', "").replace("kind =", "outcome_time =")
    with pytest.raises(ImportFailedError, match="outcome_time stands without outcome"):
        load_mapping(write_mapping(tmp_path, text))


def test_an_absent_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match=r"absent\.toml can't be read"):
        load_mapping(tmp_path / "absent.toml")


def test_a_mapping_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes('name = "Société"'.encode("cp1252"))
    with pytest.raises(ImportFailedError, match="save it as UTF-8"):
        load_mapping(path)
