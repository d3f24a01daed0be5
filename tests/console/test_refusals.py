"""What goes wrong: told in French, with a way back that answers and nothing lost."""

import html
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.application import create_app
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.console.page.format_fr import FORM_IS_STALE, SESSION_OVER
from serving.console.page.redirects import way_back
from serving.console.page.rendering import address_of
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.console.axe import looked_at
from tests.console.conftest import PASSWORD, SIZES, SIZES_TRIED, Console
from tests.console.leads import arrive
from tests.console.test_deciding import propose
from tests.serving.builders import make_person

Opens = Callable[..., Page]
LEAD = "/console/opportunites/Morel"


@pytest.fixture
def client(service: Service) -> TestClient:
    """Of a service that knows the lead Morel; nobody is signed in."""
    arrive(service, "Morel")
    return TestClient(create_app(service), follow_redirects=False)


@pytest.fixture
def signed_in(client: TestClient, service: Service) -> TestClient:
    """The same, by an administrator; forms bring `client.headers["csrf"]`."""
    person, _ = make_person(service, Role.ADMIN)
    begun = begin_session(service.store, person, service.clock())
    client.cookies.set(COOKIE, begun.cookie)
    client.headers["csrf"] = begun.csrf
    return client


def post(client: TestClient, path: str, **form: str) -> str:
    """The text of the page that answers a form."""
    form = {"csrf": client.headers.get("csrf", ""), **form}
    return html.unescape(client.post(path, data=form).text)


def way_out(told: str) -> tuple[str, str]:
    """The address and the name of the way back that a page gives."""
    found = re.search(r'<a class="button" href="([^"]+)">([^<]+)</a>', told)
    assert found is not None
    return found[1], found[2]


@pytest.mark.parametrize(
    "given",
    [
        "/console/",
        "/console/taches?toutes=1",
        "/console/opportunites/Caf%C3%A9%20100%25",
        "/console/automatisation?depuis=2026-01-01",
    ],
)
def test_a_page_of_the_console_is_led_back_to(given: str) -> None:
    assert way_back(given) == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "https://example.org/console/",
        "//example.org/console/",
        "///example.org",
        "/\\example.org",
        "\\\\example.org",
        "/console/\\example.org",
        "/console//example.org",
        "/console/%2Fexample.org",
        "/console/%5C%5Cexample.org",
        "%2F%2Fexample.org",
        "/%2Fexample.org",
        "/console/..//example.org",
        "/console/%2e%2e/v1/session",
        "/console/a/../../docs",
        "/console/\r\nSet-Cookie: a=b",
        "/console/a%0d%0ab",
        "javascript:alert(1)",
        "/consoler",
        "/v1/session",
        "/console/connexion?vers=/console/",
        "/console/deconnexion",
        "/console/" + "a" * 2_000,
    ],
)
def test_nothing_else_is(given: str, client: TestClient, service: Service) -> None:
    assert way_back(given) == "/console/"
    shown = client.get("/console/connexion", params={"vers": given})
    assert 'name="vers"' not in shown.text


def test_a_proposal_is_decided_at_the_address_of_its_own_lead(
    signed_in: TestClient, service: Service
) -> None:
    arrive(service, "Dupuis")
    propose(service, "Dupuis")
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)
    told = post(signed_in, f"{LEAD}/propositions/{proposal.id}/confirmer")
    assert "Erreur 404" in told
    assert "Cette proposition est inconnue." in told
    with service.store.reading() as session:
        assert [one.status.value for one in all_proposals(session)] == ["open"]
    own = f"/console/opportunites/Dupuis/propositions/{proposal.id}/confirmer"
    assert post(signed_in, own) == ""
    with service.store.reading() as session:
        assert [one.status.value for one in all_proposals(session)] == ["confirmed"]


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_who_opens_a_page_signed_out_is_led_there_once_signed_in(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Café 100%/2")
    page = open_page(**SIZES[size])
    address = f"{console.address}{address_of('Café 100%/2')}?evenement=1"
    page.goto(address)
    page.get_by_label("Identifiant").fill("commercial")
    page.get_by_label("Mot de passe").fill("un autre")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("refusé")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Café 100%/2")


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_form_whose_session_is_over_says_that_nothing_was_saved(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.goto(f"{console.address}{LEAD}")
    page.locator("summary", has_text="Contester la priorité").click()
    form = page.locator("form", has=page.get_by_label("La priorité que je donn"))
    form.get_by_label("Pourquoi").select_option("budget")
    form.get_by_label("En quelques mots").fill("Ils <b>signent</b> en mars.")
    page.context.clear_cookies()
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_have_text(SESSION_OVER.replace("\xa0", " "))
    expect(page.locator(".proof")).to_have_text("Ils <b>signent</b> en mars.")
    looked_at(page, f"session-finie-{size}")
    page.get_by_label("Identifiant").fill("commercial")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(f"{console.address}{LEAD}")


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_form_of_another_session_says_that_nothing_was_saved(
    console: Console, open_page: Opens, size: str
) -> None:
    arrive(console.service, "Morel")
    page = open_page(**SIZES[size])
    console.sign_in(page)
    page.goto(f"{console.address}{LEAD}")
    other = page.context.new_page()
    other.context.clear_cookies()
    console.sign_in(other)
    page.locator("summary", has_text="Changer d’étape").click()
    page.get_by_label("Pourquoi (facultatif, sauf").fill("Accord du client.")
    page.get_by_role("button", name="Changer d’étape").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rien n’a été enregistré")
    expect(page.get_by_text(FORM_IS_STALE)).to_be_visible()
    expect(page.locator(".proof")).to_have_text("Accord du client.")
    looked_at(page, f"formulaire-perime-{size}")
    page.get_by_role("link", name="Revenir à la fiche").click()
    expect(page).to_have_url(f"{console.address}{LEAD}")


def test_what_another_site_sends_is_not_repeated(client: TestClient) -> None:
    answer = client.post(
        f"{LEAD}/avis",
        data={"text": "Appelez le 0800."},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, "0800" in answer.text) == (401, False)


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        pytest.param(
            "remise",
            {"percent": "120", "reason": "Oui."},
            "Champ « La remise » : la valeur n’est pas acceptée. Il faut un nombre "
            "supérieur à 0, et de 100 au plus.",
            id="too-much",
        ),
        pytest.param(
            "suspension",
            {"until": "2020-01-01", "reason": "budget"},
            "Champ « Jusqu’au » : un moment à venir est attendu. Il faut un jour "
            "à venir, avant l’an 2200.",
            id="past",
        ),
        pytest.param(
            "suspension",
            {"until": "9999-12-31", "reason": "budget"},
            "Champ « Jusqu’au » : la valeur n’est pas acceptée. Il faut un jour "
            "à venir, avant l’an 2200.",
            id="too-far",
        ),
        pytest.param(
            "avis",
            {"kind": "status_adjusted", "stage": "nouveau"},
            "Champ « Pourquoi » : il manque.",
            id="of-one-of-several-shapes",
        ),
    ],
)
def test_a_refused_field_has_the_name_of_its_form_and_says_what_it_takes(
    signed_in: TestClient, path: str, form: dict[str, str], told: str
) -> None:
    shown = post(signed_in, f"{LEAD}/{path}", **form)
    assert told in shown.replace("\xa0", " ")
    assert way_out(shown) == (LEAD, "Revenir à la fiche")


@pytest.mark.parametrize(
    ("asked", "told", "out"),
    [
        ("?priorite=xxx", "Champ « Priorité »", "/console/"),
        ("?etape=xxx", "Champ « Étape »", "/console/"),
        ("?page=0", "Il faut un nombre entier, de 1 à 100 000.", "/console/"),
        ("automatisation?depuis=hier", "Il faut un jour", "/console/automatisation"),
        ("opportunites/Morel?evenement=x", "Champ « Premier fait »", LEAD),
        ("opportunites/Morel?fait=x", "Champ « Ce qui vient d’être fait »", LEAD),
        ("taches?toutes=x", "Champ « Toutes les tâches »", "/console/taches"),
        ("opportunites/Ailleurs", "Cette opportunité est inconnue.", "/console/"),
        ("opportunites/Ailleurs/journal", "inconnue", "/console/"),
        ("opportunites/Morel/avis", "Cette adresse n’existe pas.", "/console/"),
        ("regles/R-99/simulation", "Cette règle est inconnue.", "/console/"),
    ],
)
def test_a_page_that_cannot_be_gives_a_way_back_that_answers(
    signed_in: TestClient, asked: str, told: str, out: str
) -> None:
    shown = signed_in.get(f"/console/{asked}").text
    assert told in shown.replace("\xa0", " ")
    address, _ = way_out(shown)
    assert address == out
    assert signed_in.get(address).status_code == 200


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("opportunites/Ailleurs/avis", ("/console/", "Revenir à l’accueil")),
        ("taches/rien/clore", ("/console/taches", "Revenir aux tâches")),
        ("regles/R-99/suspension", ("/console/regles", "Revenir aux règles")),
        ("automatisation", ("/console/automatisation", "Revenir au rapport")),
    ],
)
def test_a_form_that_cannot_be_gives_a_way_back_that_answers(
    signed_in: TestClient, path: str, out: tuple[str, str]
) -> None:
    shown = post(signed_in, f"/console/{path}", reason="budget", depuis="zz")
    assert way_out(shown) == out
    assert signed_in.get(out[0]).status_code == 200
