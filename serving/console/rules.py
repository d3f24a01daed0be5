"""Routes of Règles: the rules in force, their trials and their suspensions."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from explanations.calendar_fr import paris_day
from governance.errors import RulesError
from governance.people.roles import ANALYSTS, MANAGERS
from governance.simulation.trial import MOST_TOUCHES, Touch, Trial
from serving.auth.visibility import visibility_of_caller
from serving.automation.dry_run import trial_ahead, try_again
from serving.automation.override_report import rule_uses
from serving.automation.schemas import SuspensionSent
from serving.automation.suspension import resume_rule, suspend_rule
from serving.console.journal.last_actions import last_action_on_rule
from serving.console.page.authentication import TheForm, TheReader, needs_role
from serving.console.page.form_parsing import filled
from serving.console.page.rendering import HOME, page
from serving.database.engine import Store
from serving.repositories.leads import seen_among
from serving.repositories.persons import Person
from serving.repositories.suspensions import rule_suspensions
from serving.runtime.background_cache import Cached, Failed
from serving.runtime.dependencies import TheService

router = APIRouter(prefix="/regles")
_TOUCHES = 50  # shown
_TRYING = MANAGERS | ANALYSTS


@router.get("")
def show_rules(
    service: TheService,
    reader: TheReader,
    fait: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """`fait`: the rule that the reader has just suspended or resumed."""
    with service.store.reading() as session:
        suspensions = rule_suspensions(session, service.clock())
    return page(
        "rules.html",
        reader,
        rules=service.rules,
        suspensions=suspensions,
        uses=rule_uses(service.store, service.rules),
        judgement=service.judgement,
        acted_on=fait,
        done=last_action_on_rule(service, fait, reader.person.name) if fait else [],
        may_suspend=reader.person.role in MANAGERS,
        may_try=reader.person.role in _TRYING,
        today=paris_day(service.clock()),
    )


@router.get("/{rule_id}/simulation")
def show_trial(rule_id: str, reader: TheReader, service: TheService) -> Response:
    """What the rule would have done lately; nothing is written."""
    needs_role(reader.person, _TRYING)
    try:
        cached, fights = trial_ahead(service, rule_id), False
    except RulesError:
        cached, fights = None, True
    rule = next(rule for rule in service.rules.rule if rule.id == rule_id)
    touches = _seen_touches(service.store, reader.person, cached)
    return page(
        "rule_trial.html",
        reader,
        rule=rule,
        cached=cached,
        has_failed=isinstance(cached, Failed),
        fights=fights,
        touches=touches[:_TOUCHES],
        n_touches=len(touches),
        most_touches=MOST_TOUCHES,
        titles=service.pipeline.titles,
    )


@router.post("/{rule_id}/simulation")
def try_trial_again(
    rule_id: str, reader: TheReader, service: TheService, form: TheForm
) -> Response:
    """Begin a trial anew that failed; `form`: the session's own page sent it."""
    needs_role(reader.person, _TRYING)
    try_again(service, rule_id)
    named = quote(rule_id, safe="")
    return RedirectResponse(f"{HOME}/regles/{named}/simulation", status_code=303)


def _seen_touches(
    store: Store, person: Person, cached: Cached[Trial] | Failed | None
) -> list[Touch]:
    """What a rule would have done to the leads that a person sees."""
    if not isinstance(cached, Cached):
        return []
    touched = {touch.lead_id for touch in cached.value.touches}
    visibility = visibility_of_caller(store, person)
    with store.reading() as session:
        return cached.value.touches_on(seen_among(session, touched, visibility))


@router.post("/{rule_id}/suspension")
def suspend(
    rule_id: str, reader: TheReader, service: TheService, form: TheForm
) -> Response:
    person = needs_role(reader.person, MANAGERS)
    suspension = filled(SuspensionSent, form).suspension(person.principal)
    suspend_rule(service, rule_id, suspension, service.clock())
    return _done(rule_id)


@router.post("/{rule_id}/reprise")
def resume(
    rule_id: str, reader: TheReader, service: TheService, form: TheForm
) -> Response:
    """`form` only shows that the session's own page sent it."""
    person = needs_role(reader.person, MANAGERS)
    resume_rule(service, rule_id, person.principal, service.clock())
    return _done(rule_id)


def _done(rule_id: str) -> Response:
    named = quote(rule_id, safe="")
    address = f"{HOME}/regles?fait={named}#regle-{named}"
    return RedirectResponse(address, status_code=303)
