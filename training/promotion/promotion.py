"""Promotion: a version takes the champion's place, and the record says who and why."""

from dataclasses import dataclass
from datetime import UTC, datetime

from explanations.errors import ModelRejectedError
from features.free_text import is_blank
from features.log import Log
from training.errors import ModelUnavailableError
from training.promotion.challenge import MEASURED, Phase, judged
from training.promotion.verdict import Rule, Verdict, not_applicable
from training.registry.candidates import Candidate, loaded
from training.registry.champion_history import Change, How, one_before, record, recorded
from training.registry.model_card import inscribe
from training.registry.registry import (
    GATE_TAG,
    MODEL_NAME,
    Champion,
    current_champion,
    has_champion,
    make_challenger,
    make_champion,
    registered,
    registry_client,
)

OURSELVES = "frein"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A person and their reason; raises ValueError where either says nothing.

    `is_signed`: they signed in to say so; None: the service's own doing.
    """

    by: str
    reason: str
    is_signed: bool | None = None

    def __post_init__(self) -> None:
        for name, text in (("by", self.by), ("reason", self.reason)):
            if is_blank(text):
                raise ValueError(f"--{name}: a person says who they are, and why")


def judge(
    champion: Champion,
    challenger: Candidate,
    log: Log,
    log_sha256: str,
    *,
    phase: Phase,
) -> Verdict:
    """What the gate finds of a challenger, against the champion.

    `phase` is told what is being measured; `log_sha256` is that of the log's events.
    Raises ModelUnavailableError if the champion's files can't be had. Raises
    TrainingError if leads of the hold-out all came to the same end.
    """
    try:
        findings = judged(loaded(champion), challenger, log, phase=phase)
    except ModelRejectedError as error:
        why = f"the champion can't be measured: {error}"
        findings = tuple(not_applicable(why, Rule.CATALOGUE, Rule.HOLD_OUT, *MEASURED))
    return Verdict(
        champion=champion.version,
        challenger=challenger.version,
        log_sha256=log_sha256,
        findings=findings,
    )


def record_verdict(verdict: Verdict, run_id: str, now: datetime) -> None:
    """Log a verdict on the challenger's run, and tag the run and the version with it.

    Raises ModelUnavailableError.
    """
    outcome = "passed" if verdict.passes else "refused"
    with registry_client() as client:
        file = f"gate/{now.astimezone(UTC):%Y-%m-%dT%H.%M.%SZ}.json"
        client.log_dict(run_id, verdict.as_json(), file)
        client.set_tag(run_id, GATE_TAG, outcome)
        client.set_model_version_tag(MODEL_NAME, verdict.challenger, GATE_TAG, outcome)


def promote(
    verdict: Verdict, signed: Signed, *, against_the_gate: bool, now: datetime
) -> Change | None:
    """Make the challenger champion; None where the gate refuses, and nothing changes.

    Raises ModelUnavailableError if the registry can't be reached, or another champion
    came meanwhile.
    """
    if (version := current_champion().version) != verdict.champion:
        raise ModelUnavailableError(
            f"version {version} became champion meanwhile, in place of version "
            f"{verdict.champion}: ask the gate again"
        )
    if not verdict.passes and not against_the_gate:
        return None
    how = How.PROMOTED if verdict.passes else How.AGAINST_THE_GATE
    findings = {each.rule.value: each.outcome.value for each in verdict.findings}
    return _crowned(verdict.challenger, how, signed, findings, now)


def roll_back(signed: Signed, *, now: datetime) -> Change:
    """Make the champion before this one champion again.

    Raises ModelUnavailableError if the record has none before, or its version is gone
    from the registry. Raises ModelRejectedError if its files aren't those registered.
    """
    champion = current_champion()
    version = one_before(champion.version, recorded())
    if version is None:
        raise ModelUnavailableError(
            f"version {champion.version} is champion, and the record has none before it"
        )
    loaded(registered(version))
    return _crowned(version, How.ROLLED_BACK, signed, {}, now)


def place(version: str, *, now: datetime) -> bool:
    """Give a new version its alias: is it champion? Only where there is none yet.

    Raises ModelUnavailableError.
    """
    if has_champion():
        make_challenger(version)
        return False
    install(version, "the first model", now=now)
    return True


def install(version: str, reason: str, *, now: datetime) -> Change:
    """Make a version champion where none serves: nobody needs to be asked.

    Raises ModelUnavailableError.
    """
    return _crowned(version, How.FIRST, Signed(by=OURSELVES, reason=reason), {}, now)


def _crowned(
    version: str, how: How, signed: Signed, findings: dict[str, str], now: datetime
) -> Change:
    """The record first: a champion that nobody put there is worse than a record that
    the alias doesn't bear out, which `frein champion` tells."""
    change = Change(
        at=now,
        how=how,
        version=version,
        previous=current_champion().version if has_champion() else None,
        by=signed.by,
        reason=signed.reason,
        is_signed=signed.is_signed,
        findings=findings,
    )
    record(change)
    make_champion(version)
    inscribe(version)
    return change
