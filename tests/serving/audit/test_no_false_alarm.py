"""A store on which everything was decided and changed agrees with its audit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from governance.audit.chain import SHELL, Action
from governance.people.principal import PrincipalKind
from governance.people.roles import Role
from serving.app.application import create_app
from serving.app.configuration import install_configuration
from serving.app.scheduler import tick
from serving.audit.reconciliation import faults, reconcile
from serving.auth.accounts import (
    NewAccount,
    bind_account,
    change_account,
    change_password,
    close_account,
    open_account,
)
from serving.auth.second_factor import withdraw
from serving.auth.sessions import sign_in, sign_in_as
from serving.database.tables import (
    AuditRow,
    ConcessionRow,
    DecisionRow,
    RequalificationRow,
)
from serving.decisions.break_glass import break_glass
from serving.decisions.proposals import confirm, dismiss
from serving.repositories import rows
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Identity
from serving.runtime.service import Service
from tests.serving.auth.test_account_page import PASSWORD, Browser
from tests.serving.builders import (
    LOSS,
    NOW,
    make_event,
    make_key,
    make_person,
    send,
)
from tests.serving.fakes import SetClock
from tests.serving.reserved import LOST, Headers
from tests.serving.transaction.test_consequences import HIGH, TASK, Governed

NEW = "un autre mot de passe"
ISSUER = "https://login.example.fr"


def of(kind: str) -> str:
    return f'{{ event = {{ kind = "{kind}" }} }}'


class Story:
    """A company's days: leads, and who decides on them by which means."""

    def __init__(self, service: Service) -> None:
        settings = service.settings.model_copy(update={"break_glass_decides": True})
        install_configuration(service.store, settings, service.pipeline, NOW)
        self.crm = Governed(
            service,
            {"then": HIGH},
            {
                "on": '{ event = { kind = "quote_sent" } }',
                "then": '{ propose_move = "perdu" }',
            },
            {"on": of("email_replied"), "then": TASK},
            {"on": of("meeting_held"), "then": '{ assign = "Jean Roy" }'},
            settings=settings,
        )
        self.service, self.client = self.crm.service, self.crm.client
        self.key = self.crm.headers
        _, self.vouching = make_key(
            service,
            in_audit=True,
            name="Ventes",
            scopes=frozenset({Scope.EVENTS, Scope.STAGES, Scope.VOUCH}),
        )
        self.admin, self.awa = make_person(service, name="Awa Diallo", login="awa")
        _, self.rep = make_person(
            service, Role.SALES, name="Léo Roux", login="leo", team="ouest"
        )
        make_person(
            service, Role.MANAGER, name="Nadia Cohen", login="nadia", team="ouest"
        )

    def ask(self, who: Headers, lead: str, call: str, **sent: Any) -> Any:
        return self.client.post(f"/v1/leads/{lead}/{call}", json=sent, headers=who)

    def done(self, who: Headers, lead: str, call: str, **sent: Any) -> None:
        answer = self.ask(who, lead, call, **sent)
        assert answer.is_success, answer.text

    def suspend(self, what: str) -> None:
        """And end it at once."""
        path, sent = f"/v1/{what}/suspensions", {"reason": "budget"}
        begun = self.client.post(path, json=sent, headers=self.awa)
        ended = self.client.delete(path, headers=self.awa)
        assert begun.is_success, begun.text
        assert ended.is_success, ended.text

    def proposed(self, who: Headers, lead: str, call: str, **sent: Any) -> UUID:
        """Asks for what is refused; the proposal that it leaves."""
        answer = self.ask(who, lead, call, **sent)
        assert answer.status_code == 409, answer.text
        return UUID(answer.json()["proposal_id"])

    def told(self, kind: str, lead: str, headers: Headers, **event: Any) -> None:
        given = {"id": f"{kind} of {lead}", "type": kind, "subject": lead} | event
        taken = send(self.client, headers, make_event(**given))
        assert taken["rejected"] == []


@pytest.fixture
def story(service: Service) -> Story:
    return Story(service)


def by_machines(story: Story) -> None:
    """Rules, and a key."""
    story.told("page_viewed", "L-1", story.key)  # the rule gives a priority
    story.told("email_replied", "L-1", story.key)
    story.told("quote_sent", "L-1", story.key)
    for to in ("contacte", "qualifie"):
        story.done(story.key, "L-1", "stage-moves", to=to)
    story.done(story.key, "L-1", "concessions", percent=4)
    story.done(story.key, "L-1", "requalifications", priority="basse")


def by_people(story: Story) -> None:
    story.told("page_viewed", "L-2", story.key)
    story.done(story.awa, "L-2", "notes", text="Rappeler", objections=["prix"], tone=1)
    story.done(story.awa, "L-2", "concessions", percent=12, reason="Premier contrat")
    story.done(
        story.awa, "L-2", "requalifications", priority="basse", reason="Accord verbal"
    )
    contested = {"kind": "priority_contested", "reason": "information_absente"}
    story.done(story.awa, "L-2", "overrides", priority="elevee", **contested)
    story.done(
        story.awa, "L-2", "overrides", kind="priority_confirmed", reason="accord"
    )
    adjusted = {"kind": "status_adjusted", "reason": "donnee_erronee"}
    story.done(story.awa, "L-2", "overrides", stage="qualifie", **adjusted)
    story.suspend("leads/L-2")
    story.suspend("rules/R-01")
    story.done(story.awa, "L-2", "suspensions", reason="budget", text="En congé")
    story.done(story.awa, "L-2", "stage-moves", to="perdu", **LOST)


def by_proposal(story: Story) -> None:
    now = NOW
    for lead in ("L-3", "L-4", "L-5"):
        story.told("page_viewed", lead, story.key)
    negotiation = story.proposed(
        story.key, "L-3", "stage-moves", to="negociation_finale"
    )
    confirm(story.service, negotiation, story.admin.principal, LOSS, now)
    large = story.proposed(story.key, "L-3", "concessions", percent=20)
    confirm(story.service, large, story.admin.principal, LOSS, now)
    lost = story.proposed(story.key, "L-4", "stage-moves", to="perdu")
    dismiss(story.service, lost, story.admin.principal, "Pas encore", now)
    story.done(story.awa, "L-4", "notes", text="Trop cher", objections=["prix"])
    priority = story.proposed(story.key, "L-4", "requalifications", priority="basse")
    confirm(story.service, priority, story.admin.principal, LOSS, now)


def by_emergency(story: Story) -> None:
    story.told("page_viewed", "L-6", story.key)
    for call, sent in (
        ("concessions", {"percent": 20}),
        ("stage-moves", {"to": "negociation_finale"}),
    ):
        waiting = story.proposed(story.key, "L-6", call, **sent)
        by = break_glass(story.service, story.admin, waiting, "Awa est absente", NOW)
        confirm(story.service, waiting, by, LOSS, NOW)
    waiting = story.proposed(story.key, "L-6", "stage-moves", to="perdu")
    by = break_glass(story.service, story.admin, waiting, "Elle l’est encore", NOW)
    dismiss(story.service, waiting, by, "Pas encore", NOW)


def by_observation(story: Story) -> None:
    """The CRM tells, vouches, and contradicts."""
    story.told("stage_changed", "L-7", story.vouching, data={"to": "perdu"}, by="awa")
    story.told("stage_changed", "L-8", story.key, data={"to": "negociation_finale"})
    story.told("won", "L-9", story.key)
    story.told("page_viewed", "L-10", story.key)
    story.done(story.awa, "L-10", "stage-moves", to="negociation_finale")
    later = (NOW + timedelta(minutes=1)).isoformat()
    story.told("stage_changed", "L-10", story.key, data={"to": "nouveau"}, time=later)
    for n, to in enumerate(("contacte", "perdu"), start=1):  # undone, and again not
        at = (NOW + timedelta(minutes=n)).isoformat()
        told = {"id": f"L-7 {to}", "data": {"to": to}, "time": at}
        story.told("stage_changed", "L-7", story.key, **told)
    for n, to in enumerate(("negociation_finale", "gagne", "nouveau")):
        at = (NOW + timedelta(seconds=n)).isoformat()
        told = {"id": f"L-13 {to}", "data": {"to": to}, "time": at}
        headers, by = (story.key, None) if n else (story.vouching, "awa")
        story.told("stage_changed", "L-13", headers, by=by, **told)


def owners_and_tasks(story: Story) -> None:
    """Leads change hands, by the CRM and by a rule; people close tasks, or are late."""
    for n, owner in enumerate(("Awa Diallo", " Léo\u00a0Roux ", None, "Léo Roux")):
        at = (NOW - timedelta(minutes=9 - n)).isoformat()
        told = {"data": {"owner": owner}, "time": at, "id": f"owner {n}"}
        story.told("attributes_set", "L-11", story.key, **told)
        story.told("email_replied", "L-11", story.key, id=f"replied {n}")
    story.told("meeting_held", "L-12", story.key)
    listed = story.client.get("/v1/tasks", headers=story.awa).json()["tasks"]
    task = next(t for t in listed if t["lead_id"] == "L-11")
    path, sent = f"/v1/tasks/{task['id']}/close", {"reason": "Fait"}
    assert story.client.post(path, json=sent, headers=story.awa).is_success
    story.told("email_replied", "L-11", story.key, id="replied at last")


def accounts(story: Story) -> None:
    store = story.service.store
    mina = NewAccount(login="mina", name="Mina Sy", role=Role.SALES, password=PASSWORD)
    open_account(store, mina, NOW)
    change_account(store, "mina", Role.MANAGER, "est", NOW)
    change_password(store, "mina", NEW, NOW)
    session = sign_in(store, "mina", NEW, NOW)
    bearer = {"Cookie": f"frein_session={session.cookie}", "X-CSRF-Token": session.csrf}
    client = TestClient(create_app(story.service))
    assert client.delete("/v1/session", headers=bearer).status_code == 204
    elsewhere = NewAccount(login="jo@example.fr", name="Jo Roy", role=Role.SALES)
    open_account(store, elsewhere, NOW)
    identity = Identity(f"{ISSUER} 42", "jo@example.fr", NOW)
    sign_in_as(store, identity, NOW)
    bind_account(store, "mina", f"{ISSUER} 43", NOW)
    bind_account(store, "mina", None, NOW)
    _set_codes_up(story)
    close_account(store, "jo@example.fr", NOW)


def _set_codes_up(story: Story) -> None:
    """Zoé keeps hers; Max withdraws his."""
    for login, name in (("zoe", "Zoé Petit"), ("max", "Max Blanc")):
        wish = NewAccount(login=login, name=name, role=Role.SALES, password=PASSWORD)
        person = open_account(story.service.store, wish, NOW)
        client = TestClient(create_app(story.service))
        browser = Browser(client, story.service, person)
        page = browser.send("code", password=PASSWORD).text
        secret = page.partition("secret=")[2][:32]
        page = browser.send("code/confirmation", code=pyotp.TOTP(secret).at(NOW))
        assert page.status_code == 200, page.text
    withdraw(story.service.store, "max", SHELL, NOW)


KINDS = (
    by_machines,
    by_people,
    by_proposal,
    by_emergency,
    by_observation,
    owners_and_tasks,
    accounts,
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE break_glass SET reason = 'Accord de la direction'", "reason"),
        ("UPDATE break_glass SET login = 'leo'", "login"),
        ("UPDATE break_glass SET decides = false", "decides"),
        ("UPDATE concession SET signer_kind = 'person'", "signer_kind"),
    ],
)
def test_an_emergency_that_is_told_otherwise_is_found(
    story: Story, tamper: Callable[[str], None], change: str, told: str
) -> None:
    by_emergency(story)
    tamper(change)
    found = list(faults(reconcile(story.service.store), ()))
    assert found
    assert all(fault.endswith(f", {told}") for fault in found)


def test_whatever_was_decided_agrees_with_the_audit(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in KINDS:
        kind(story)
    store = story.service.store
    later = NOW + timedelta(days=15)  # proposals expire, leads are looked at
    assert isinstance(story.service.clock, SetClock)
    story.service.clock.advance(timedelta(days=15))
    tick(story.service, later)
    with store.reading() as session:
        signers = {
            table.__tablename__: set(session.scalars(select(table.signer_kind)))
            for table in (DecisionRow, ConcessionRow, RequalificationRow)
        }
        actions = set(session.scalars(select(AuditRow.action)))
    every = {PrincipalKind.PERSON, PrincipalKind.INTEGRATION, PrincipalKind.BREAK_GLASS}
    assert signers == {
        "decision": every,
        "concession": every,
        "requalification": {
            PrincipalKind.PERSON,
            PrincipalKind.INTEGRATION,
            PrincipalKind.AUTOMATION,
        },
    }
    assert actions >= {
        Action.GLASS_BROKEN,
        Action.STAGE_OBSERVED,
        Action.DECISION_CONTRADICTED,
        Action.CONTRADICTION_ENDED,
        Action.TASK_ESCALATED,
        Action.TASK_HANDED_OVER,
        Action.RULE_RESUMED,
        Action.AUTOMATION_RESUMED,
        Action.PERSON_BOUND,
        Action.TOTP_ENABLED,
        Action.TOTP_DISABLED,
        Action.EVENTS_SEALED,
    }
    monkeypatch.setattr(rows, "_AT_ONCE", 2)  # a large store is read piece by piece
    found = reconcile(store)
    assert found.anchor is None  # the first anchor's seal knows of none before
    assert list(faults(found, ())) == []
    assert story.service.audit_status.n_faults == 0
