"""Company of the demo log: the names and sentences of `company_fr.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

COMPANY_FILE = Path(__file__).with_name("company_fr.toml")


class Company(BaseModel):
    """Salespeople, regions of leads by weight, and the sentences of notes.

    `objections` are by code, `tones` from the worst to the best.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    owners: list[str]
    regions: dict[str, float]
    after_meeting: list[str]
    after_call: list[str]
    tones: list[list[str]]
    objections: dict[str, list[str]]


@cache
def company() -> Company:
    """The company, read once."""
    return Company.model_validate(
        tomllib.loads(COMPANY_FILE.read_text(encoding="utf-8"))
    )
