"""Signing in and out, and the pages for what goes wrong."""

from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import Page, expect

from serving.console.inbox import routes as routes_inbox
from tests.console.axe import looked_at, runs_off
from tests.console.conftest import PASSWORD, SIZES, SIZES_TRIED, Console

Opens = Callable[..., Page]


@pytest.mark.parametrize("size", SIZES_TRIED)
def test_a_person_signs_in_and_out(
    console: Console, open_page: Opens, size: str
) -> None:
    page = open_page(**SIZES[size])
    page.goto(f"{console.address}/")
    expect(page).to_have_url(f"{console.address}/console/connexion")
    looked_at(page, f"connexion-{size}")

    page.get_by_label("Identifiant").fill("commercial")
    page.get_by_label("Mot de passe").fill("un autre")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_contain_text("refusé")
    looked_at(page, f"connexion-refusee-{size}")

    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(f"{console.address}/console/")
    expect(page.get_by_role("heading", level=1)).to_have_text("À traiter 0")
    looked_at(page, f"a-traiter-vide-{size}")

    page.goto(f"{console.address}/console/nulle-part")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page introuvable")
    looked_at(page, f"404-{size}")
    page.get_by_role("link", name="Revenir à l’accueil").click()

    page.set_viewport_size({"width": 320, "height": 640})
    assert runs_off(page) <= 0
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    page.goto(f"{console.address}/console/")
    expect(page).to_have_url(f"{console.address}/console/connexion")


def test_a_form_without_the_sessions_token_is_refused(
    console: Console, open_page: Opens
) -> None:
    page = open_page()
    console.sign_in(page)
    page.locator("input[name=csrf]").first.evaluate("field => field.value = 'autre'")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_text("Erreur 403")).to_be_visible()
    looked_at(page, "403-desktop")
    page.goto(f"{console.address}/console/")
    expect(page).to_have_url(f"{console.address}/console/")


def test_another_site_cannot_sign_somebody_in(console: Console) -> None:
    answer = httpx2.post(
        f"{console.address}/console/connexion",
        content="login=commercial&password=x",
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_bug_is_told_with_care(
    console: Console, open_page: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    console.sign_in(page)

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(routes_inbox, "inbox_of", broken)
    answer = page.goto(f"{console.address}/console/")
    assert answer is not None
    assert answer.status == 500
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    expect(page.get_by_text("Une erreur interne s’est produite")).to_be_visible()
    looked_at(page, "500-desktop")
