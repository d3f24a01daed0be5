"""Secrets of one-time codes: nobody reads them in the store."""

import re
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import text

from serving.auth.secret_box import SecretBox
from serving.errors import SecretKeyError
from serving.repositories.persons import Person
from serving.runtime.service import Service
from tests.serving.auth.test_account_page import PASSWORD, Browser, awa, browser
from tests.serving.builders import make_person, write

__all__ = ["awa", "browser"]  # the fixtures


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    return SecretBox(tmp_path / "keys" / "secret.key")


def kept(service: Service) -> str:
    with service.store.reading() as session:
        query = "SELECT totp_secret FROM person WHERE login = 'awa'"
        return str(session.scalar(text(query)))


def set_up(browser: Browser) -> str:
    """Awa asks for codes from now on; the secret."""
    shown = re.search(
        r"<code>([A-Z2-7]{32})</code>", browser.send("code", password=PASSWORD).text
    )
    assert shown is not None
    confirmed = browser.send("code/confirmation", code=browser.code(shown[1]))
    assert confirmed.status_code == 200
    browser.later(seconds=30)
    return shown[1]


def test_a_secret_is_sealed_about_one_person(box: SecretBox) -> None:
    sealed = box.seal("JBSWY3DPEHPK3PXP", "awa")
    assert "JBSWY" not in sealed
    assert sealed != box.seal("JBSWY3DPEHPK3PXP", "awa")
    assert box.opened(sealed, "awa") == "JBSWY3DPEHPK3PXP"
    assert box.opened(sealed, "leo") is None
    assert box.opened("JBSWY3DPEHPK3PXP", "awa") is None
    assert box.opened(f"A{sealed[1:]}B", "awa") is None


def test_the_key_is_made_once_for_its_owner_only(box: SecretBox) -> None:
    sealed = box.seal("secret", "awa")
    assert S_IMODE(box.path.stat().st_mode) == 0o600
    assert SecretBox(box.path).opened(sealed, "awa") == "secret"
    box.path.chmod(0o640)
    with pytest.raises(SecretKeyError, match="chmod 600"):
        box.opened(sealed, "awa")


@pytest.mark.parametrize("how", ["gone", "cut", "another"])
def test_without_its_key_nothing_opens(box: SecretBox, how: str) -> None:
    sealed = box.seal("secret", "awa")
    if how == "gone":
        box.path.unlink()
    else:
        box.path.write_bytes(b"0" * (32 if how == "another" else 31))
    if how == "another":
        assert box.opened(sealed, "awa") is None
        return
    with pytest.raises(SecretKeyError, match=r"secret\.key"):
        box.opened(sealed, "awa")


class TestTheStore:
    def test_has_no_secret_in_clear(self, browser: Browser, service: Service) -> None:
        secret = set_up(browser)
        assert secret not in kept(service)
        assert service.settings.key_file.exists()
        signed_in = browser.sign_in(code=browser.code(secret))
        assert signed_in.status_code == 200

    def test_gives_nobody_the_secret_of_another(
        self, browser: Browser, service: Service, awa: Person
    ) -> None:
        """Whoever may write the database puts a secret that they know in its place."""
        secret = set_up(browser)
        leo, _ = make_person(service, name="Léo Roux", login="leo")
        box = SecretBox(service.settings.key_file)
        forged = box.seal(secret, str(leo.id))
        write(service.store, f"UPDATE person SET totp_secret = '{forged}'")
        assert browser.sign_in(code=browser.code(secret)).status_code == 401
        write(service.store, f"UPDATE person SET totp_secret = '{secret}'")
        assert browser.sign_in(code=browser.code(secret)).status_code == 401
