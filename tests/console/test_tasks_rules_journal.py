"""Tâches, Règles and Journal, in a real browser."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from explanations.score import Priority
from features.event import Actor
from governance.audit.chain import Action, Break, BreakKind
from governance.errors import RulesError
from governance.people.roles import Role
from governance.policy.actions import (
    Assign,
    OpenProposal,
    ProposeConcession,
    SetPriority,
)
from governance.policy.pipeline import read_pipeline
from governance.policy.policy import Clause
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from governance.rules.ruleset import RULES_FILE, read_rules
from serving.audit.trace import StatedReason
from serving.auth.accounts import NewAccount, open_account
from serving.automation.override_report import rule_uses
from serving.automation.suspension import Suspension, suspend_rule
from serving.console.journal.lines import SENTENCE
from serving.console.page.format_fr import act, said
from serving.decisions.override import PriorityOverride, override_priority
from serving.events.ingestion import ingest
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive, make
from tests.console.test_deciding import propose
from tests.console.test_lead import open_task
from tests.serving.builders import AWA, NOW, make_person
from tests.serving.fakes import SetClock

Opens = Callable[..., Page]


@pytest.fixture
def service(service: Service) -> Service:
    """With the rules of the house."""
    return replace(service, rules=read_rules(RULES_FILE, read_pipeline()))


def late_reply(service: Service, lead_id: str, **about: str) -> None:
    """A lead that sets off R-03: it stays active, and answers after six days."""
    arrive(service, lead_id, visits=6, **about)
    sent = make(f"{lead_id}-s", lead_id, "email_sent", Actor.AUTOMATION, hours=150)
    replied = make(f"{lead_id}-r", lead_id, "email_replied", hours=0)
    ingest(service, [sent, replied], service.clock())


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_task_calls_for_a_person_and_the_journal_tells_why(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    propose(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.get_by_role("link", name="Tâches").click()
    expect(page.get_by_text("de Awa Diallo")).to_be_visible()
    looked_at(page, f"taches-{size}")
    page.get_by_role("link", name="Décider sur la fiche").click()
    page.get_by_role("button", name="Confirmer la proposition").click()
    page.get_by_role("link", name="Le journal de cette").click()
    expect(page.locator(".tree .tree").first).to_be_visible()
    looked_at(page, f"journal-{size}")

    with page.expect_download() as saved:
        page.get_by_role("link", name="Exporter en CSV").click()
    text = saved.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    with page.expect_download() as saved:
        page.get_by_role("link", name="Exporter en JSON").click()
    entries = json.loads(saved.value.path().read_text())["entries"]
    assert [row["empreinte"] for row in rows] == [one["hash"] for one in entries]


def test_a_note_of_the_console_sets_a_rule_off_and_a_stop_says_why(
    console: Console, open_page: Opens
) -> None:
    service = console.service
    arrive(service, "Morel", visits=60)  # a score of 20 is asked for
    moved = make("Morel-p", "Morel", "stage_changed", to="proposition")
    ingest(service, [moved, make("Morel-q", "Morel", "quote_sent")], service.clock())
    replied = make("Morel-n", "Morel", "note_added", Actor.PERSON, 0)
    noted = replace(replied, source="site", data={"objections": ["prix"]})
    ingest(service, [noted], service.clock())
    page = open_page()
    console.sign_in(page)
    page.goto(f"{console.address}/console/opportunites/Morel/journal")
    told = "Règle R-05 non déclenchée : la source « site » ne lui est pas permise."
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.get_by_text("Règle restée sans effet")).to_have_count(0)

    page.goto(f"{console.address}/console/opportunites/Morel/note")
    page.get_by_label("prix").check()
    page.get_by_role("button", name="Enregistrer la note").click()
    expect(page.get_by_text("Note de terrain ajoutée.")).to_be_visible()
    page.goto(f"{console.address}/console/taches")
    expect(page.get_by_text("Une objection de prix a été notée")).to_be_visible()


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_who_closes_a_task_reads_which_and_its_line_of_the_audit(
    console: Console, open_page: Opens, size: str
) -> None:
    for lead_id in ("Morel", "Cabinet Roy"):
        arrive(console.service, lead_id)
        open_task(console.service, lead_id, NOW.date())
    page = open_page(**SIZES[size])
    console.sign_in(page, "manager")
    page.get_by_role("link", name="Tâches").click()
    expect(page.get_by_text("Aucune ne vous attend ; voici toutes")).to_be_visible()
    looked_at(page, f"taches-de-tous-{size}")
    page.goto(f"{console.address}/console/taches?toutes=1")
    task = page.locator("article", has_text="Morel")
    task.locator("summary").click()
    task.get_by_label("Ce qui a été fait").fill("Vu avec le client.")
    task.get_by_role("button").click()
    told = page.get_by_role("status")
    expect(told).to_contain_text("Morel")
    expect(told).to_contain_text("Tâche close. « Vu avec le client. » (ligne")
    expect(page.get_by_role("link", name="Seulement les miennes")).to_be_visible()
    looked_at(page, f"tache-close-{size}")


def test_that_a_task_is_closed_is_told_to_who_closed_it_and_not_for_long(
    console: Console, open_page: Opens
) -> None:
    arrive(console.service, "Morel")
    open_task(console.service, "Morel", NOW.date())
    page, colleague = open_page(), open_page()
    console.sign_in(page)
    page.goto(f"{console.address}/console/taches")
    page.locator("summary").click()
    page.get_by_role("button", name="Clore la tâche").click()
    expect(page.get_by_role("status")).to_contain_text("Tâche close. (ligne")

    console.sign_in(colleague, "admin")
    colleague.goto(page.url)
    expect(colleague.get_by_role("heading", level=1)).to_contain_text("Tâches")
    expect(colleague.get_by_role("status")).to_have_count(0)
    clock = console.service.clock
    assert isinstance(clock, SetClock)
    clock.advance(timedelta(minutes=3))
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    page.goto(f"{console.address}/console/taches?fait=1")
    expect(page.get_by_role("status")).to_have_count(0)
    page.goto(f"{console.address}/console/taches?toutes=0")
    expect(page.get_by_text("Aucune ne vous attend.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_manager_suspends_a_rule_and_a_rep_reads_it(
    console: Console, open_page: Opens, size: str
) -> None:
    page, rep = open_page(**SIZES[size]), open_page()
    console.sign_in(page, "manager")
    page.get_by_role("link", name="Règles").click()
    first = page.locator("article").first
    first.locator("summary").click()
    looked_at(page, f"regles-{size}")
    first.get_by_label("Pourquoi").select_option("autre")
    first.get_by_label("En quelques mots").fill("Elle appelle trop tôt.")
    first.get_by_role("button", name="Suspendre la règle").click()
    done = "Règle suspendue. Autre raison : « Elle appelle trop tôt. » (ligne"
    expect(first.get_by_role("status")).to_contain_text(done)
    told = (
        "Suspendue par Une manager depuis le 24/11/2026 à 10:00, jusqu’à ce qu’une "
        "personne la rétablisse. Raison : Autre raison. « Elle appelle trop tôt. »"
    )
    expect(first.locator(".warn")).to_have_text(told)
    looked_at(page, f"regle-suspendue-{size}")
    console.sign_in(rep)
    rep.goto(f"{console.address}/console/regles")
    expect(rep.get_by_text("Suspendue par")).to_have_text(told)
    expect(rep.get_by_role("button", name="Rétablir")).to_have_count(0)
    first.get_by_role("button", name="Rétablir").click()
    expect(page.get_by_text("Suspendue par")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("Règle rétablie. (ligne")


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_rule_is_simulated_before_it_acts_again(
    console: Console, open_page: Opens, size: str
) -> None:
    late_reply(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page, "analyste")
    page.get_by_role("link", name="Règles").click()
    rule = page.locator("article", has_text="Réponse tardive")
    expect(rule).to_contain_text("Dernière action le 24/11/2026 à 10:00.")
    expect(rule).to_contain_text("Personne n’en a encore jugé.")
    expect(page.get_by_text("N’a encore jamais agi.").first).to_be_visible()
    expect(page.get_by_role("button", name="Suspendre")).to_have_count(0)
    looked_at(page, f"regles-{size}")

    rule.get_by_role("button", name="Simuler la règle R-03").click()
    expect(page.get_by_text("La simulation se prépare")).to_be_visible()
    looked_at(page, f"simulation-se-prepare-{size}")
    console.service.trials.wait()
    page.get_by_role("link", name="Actualiser la page").click()
    expect(page.get_by_role("row", name="Elle aurait agi")).to_contain_text("1 fois")
    expect(page.get_by_role("row", name="Tâches")).to_contain_text("0")
    touched = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(touched).to_have_text("24/11MorelLe signaler à Awa Diallo.")
    looked_at(page, f"simulation-{size}")
    page.get_by_role("link", name="Morel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Morel")


def test_a_manager_reads_of_a_trial_only_the_leads_that_they_see(
    console: Console, open_page: Opens
) -> None:
    late_reply(console.service, "Morel")
    late_reply(console.service, "Cabinet Roy", owner="Zoé Blanc")
    wish = NewAccount(login="zoe", name="Zoé Blanc", role=Role.SALES, team="Sud")
    open_account(console.service.store, wish, console.service.clock())
    page = open_page()
    console.sign_in(page, "manager")
    address = f"{console.address}/console/regles/R-03/simulation"
    page.goto(address)
    console.service.trials.wait()
    page.reload()
    expect(page.get_by_role("row", name="Elle aurait agi")).to_contain_text("2 fois")
    expect(page.locator("#touchees ~ table a")).to_have_text(["Morel"])


def test_a_trial_names_the_latest_and_counts_them_all(
    console: Console, open_page: Opens
) -> None:
    for number in range(51):
        late_reply(console.service, f"Morel {number}")
    page = open_page()
    console.sign_in(page, "analyste")
    page.goto(f"{console.address}/console/regles/R-03/simulation")
    console.service.trials.wait()
    page.reload()
    expect(page.get_by_text("Les 50 dernières fois, sur 51.")).to_be_visible()
    expect(page.locator("#touchees ~ table a")).to_have_count(50)


def test_a_rule_that_would_have_done_nothing_is_told_so(
    console: Console, open_page: Opens
) -> None:
    page = open_page()
    console.sign_in(page, "analyste")
    page.goto(f"{console.address}/console/regles/R-11/simulation")
    console.service.trials.wait()
    page.reload()
    expect(page.get_by_role("row", name="Elle aurait agi")).to_contain_text("0 fois")
    expect(page.locator("#touchees")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_trial_that_failed_says_so_and_is_tried_again(
    console: Console, open_page: Opens, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    late_reply(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page, "analyste")
    with monkeypatch.context() as patch:
        patch.setattr("serving.automation.dry_run.stored_log", _broken)
        page.goto(f"{console.address}/console/regles/R-03/simulation")
        console.service.trials.wait()
    page.reload()
    expect(page.get_by_text("La simulation a échoué")).to_be_visible()
    looked_at(page, f"simulation-echouee-{size}")
    page.get_by_role("button", name="Réessayer maintenant").click()
    expect(page.get_by_text("La simulation a échoué")).to_be_hidden()
    console.service.trials.wait()
    page.reload()
    expect(page.get_by_role("row", name="Elle aurait agi")).to_contain_text("1 fois")


def _broken(*_: object) -> None:
    raise MemoryError


def test_a_rule_that_would_fight_with_another_is_not_simulated(
    console: Console, open_page: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fights(*_: object) -> None:
        raise RulesError("rule 'R-03': R-04 has priority 4 as well")

    monkeypatch.setattr("serving.console.rules.trial_ahead", fights)
    page = open_page()
    console.sign_in(page, "analyste")
    page.goto(f"{console.address}/console/regles/R-03/simulation")
    expect(page.get_by_text("Elle ne peut pas entrer en vigueur")).to_be_visible()


def test_a_rep_reads_rules_and_simulates_none(
    console: Console, open_page: Opens
) -> None:
    page = open_page()
    console.sign_in(page)
    page.goto(f"{console.address}/console/regles")
    expect(page.get_by_role("button", name="Simuler")).to_have_count(0)
    page.goto(f"{console.address}/console/regles/R-03/simulation")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Cette page n’est pas pour vous"
    )


def test_how_often_a_rule_was_contested_is_told_and_to_suspend_it_is_no_opinion(
    service: Service,
) -> None:
    make_person(service)
    arrive(service, "Morel")
    left = make("Morel-u", "Morel", "unsubscribed", hours=0)
    ingest(service, [left], service.clock())
    use = rule_uses(service.store, service.rules)["R-08"]
    assert (use.last_fired, use.contested, use.judged) == (NOW, 0, 0)
    why = StatedReason(reason="regle_inadaptee", text=None)
    begun = Suspension(id=uuid4(), by=AWA, why=why, until=None)
    suspend_rule(service, "R-08", begun, NOW)
    use = rule_uses(service.store, service.rules)["R-08"]
    assert (use.contested, use.judged) == (0, 0)
    override_priority(
        service,
        PriorityOverride(lead_id="Morel", by=AWA, why=why, priority=Priority.HIGH),
        NOW,
    )
    use = rule_uses(service.store, service.rules)["R-08"]
    assert (use.contested, use.judged) == (1, 1)
    assert said(use) == "Contestée 1\u00a0fois sur 1\u00a0avis."


def test_what_a_rule_would_do_is_told_in_french() -> None:
    titles = {"negociation_finale": "négociation finale"}
    asked: dict[str, Any] = {
        "id": uuid4(),
        "clause": Clause.STAGE_RESERVED,
        "asked_by": AWA,
    }
    move = OpenProposal(**asked, origin="nouveau", to="negociation_finale", reason=None)
    task = OpenTask(
        id=uuid4(),
        kind=TaskKind.RULE,
        owner="Awa Diallo",
        expected=ExpectedAction.CALL,
        due_on=NOW.date(),
    )
    price = ProposeConcession(**asked, percent=12.5, reason=None)
    assert [act(one, titles) for one in (SetPriority(Priority.HIGH), move, price)] == [
        "donner la priorité élevée",
        "proposer de passer à l’étape «\u00a0négociation finale\u00a0»",
        "proposer de consentir une remise de 12,5\u00a0%",
    ]
    assert [act(one, titles) for one in (task, Assign("Zoé Blanc"))] == [
        "demander à Awa Diallo\u00a0: appel",
        "confier à Zoé Blanc",
    ]


def test_every_action_has_its_sentence() -> None:
    assert set(SENTENCE) == set(Action)


def test_every_page_says_that_automation_is_stopped(
    console: Console, open_page: Opens
) -> None:
    console.service.audit_status.broken = Break(BreakKind.ROW_CHANGED, 12)
    page = open_page(**SIZES["phone"])
    console.sign_in(page)
    for name in ("À traiter", "Tâches", "Règles"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("alert")).to_contain_text("rompu à la ligne 12")
    looked_at(page, "automatismes-arretes-phone")
