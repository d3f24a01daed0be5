"""OpenID Connect: people sign in with the company's identity provider.

Authorisation code with PKCE, `state` and `nonce`. The one door to Authlib, which is an
option: `frein[oidc]`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from threading import BoundedSemaphore
from typing import Any

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from governance.people.principal import PROOF_LASTS
from serving.errors import NotVouchedForError, ProviderUnavailableError
from serving.repositories.persons import Identity
from serving.runtime.settings import OidcSettings

SCOPE = "openid email"
TIMEOUT_SECONDS = 5.0
AT_ONCE = 3  # of a service's threads (FREIN_REQUEST_THREADS): a slow one holds no more
MAX_AGE_SECONDS = int(PROOF_LASTS.total_seconds())  # of their proof there
LEEWAY_SECONDS = 60  # between our clock and the provider's
# Signed with the provider's private key: never "none", nor a secret that we share.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"]


@dataclass(frozen=True, slots=True)
class SignInState:
    """Secrets of a sign-in under way, kept in the browser's cookie."""

    state: str
    nonce: str
    verifier: str

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @classmethod
    def of_cookie(cls, cookie: str) -> "SignInState":
        """Raises NotVouchedForError."""
        parts = cookie.split(".")
        if len(parts) != 3 or not all(parts):
            raise NotVouchedForError
        return cls(*parts)


class Provider:
    """A provider, found by its issuer's metadata, which are fetched once.

    Each method raises ProviderUnavailableError: it doesn't answer, or not as OpenID
    Connect wants it.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._free = BoundedSemaphore(AT_ONCE)

    def authorization_request(self) -> tuple[str, str]:
        """An address to send a browser to, and a cookie for its way back."""
        sign_in = SignInState(*(generate_token(48) for _ in range(3)))
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=sign_in.state,
                nonce=sign_in.nonce,
                code_verifier=sign_in.verifier,
                max_age=MAX_AGE_SECONDS,
            )
        return str(url), str(sign_in)

    def identity(
        self, cookie: str, answer: Mapping[str, str], now: datetime
    ) -> Identity:
        """The identity of who came back, by the cookie and the query that they bring.

        Raises NotVouchedForError: the state isn't the browser's, the provider refuses
        the person or the code, or what it says isn't signed by it, for us, for this
        very sign-in.
        """
        sign_in, state = SignInState.of_cookie(cookie), answer.get("state", "")
        code = answer.get("code", "")
        if not code or not compare_digest(state.encode(), sign_in.state.encode()):
            raise NotVouchedForError
        with self._client() as client:
            token = client.fetch_token(
                self._endpoint("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                code_verifier=sign_in.verifier,
            )
            claims = self._claims(token, sign_in.nonce, now)
        subject, email = str(claims["sub"]).strip(), claims.get("email")
        if not subject:
            raise NotVouchedForError
        is_verified = claims.get("email_verified") is True
        return Identity(
            subject=f"{self._settings.issuer} {subject}",
            email=_as_login(str(email)) if is_verified else None,
            authenticated_at=_proven_at(claims, now),
        )

    def _claims(
        self, token: dict[str, Any], nonce: str, now: datetime
    ) -> dict[str, Any]:
        settings = self._settings
        signed = self._signed(str(token.get("id_token", "")))
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": settings.issuer},
                "aud": {"essential": True, "value": settings.client_id},
            },
            {
                "nonce": nonce,
                "client_id": settings.client_id,
                "access_token": token.get("access_token"),
            },
        )
        with _translated():
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _signed(self, id_token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        with _translated():
            try:
                return jwt.decode(id_token, self._key_set(), registry=registry)
            except InvalidKeyIdError:  # the provider has other keys by now
                self._keys = None
                return jwt.decode(id_token, self._key_set(), registry=registry)

    def _key_set(self) -> KeySet:
        if self._keys is None:
            keys = self._fetched(self._endpoint("jwks_uri"))
            self._keys = KeySet.import_key_set(keys)  # type: ignore[arg-type]  # checked there
        return self._keys

    def _endpoint(self, name: str) -> str:
        issuer = self._settings.issuer
        if not self._metadata:
            address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = self._fetched(address)
        if self._metadata.get("issuer") != issuer or name not in self._metadata:
            self._metadata = {}
            raise ProviderUnavailableError(f"{issuer}: no {name}, or another issuer")
        return str(self._metadata[name])

    def _fetched(self, address: str) -> dict[str, Any]:
        with _translated():
            answer = httpx2.get(address, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            document = answer.json()
        if not isinstance(document, dict):
            raise ProviderUnavailableError(f"{address}: no JSON object")
        return document

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise ProviderUnavailableError("too many sign in at once")
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        settings = self._settings
        with (
            self._slot(),
            _translated(),
            OAuth2Client(
                client_id=settings.client_id,
                client_secret=settings.client_secret.get_secret_value(),
                scope=SCOPE,
                redirect_uri=settings.redirect_url,
                code_challenge_method="S256",
                timeout=TIMEOUT_SECONDS,
            ) as client,
        ):
            yield client


def _proven_at(claims: dict[str, Any], now: datetime) -> datetime | None:
    """When they last proved who they are there; a provider may not say, though OpenID
    Connect has it do so. Raises NotVouchedForError: it was too long ago."""
    at = claims.get("auth_time")
    if not isinstance(at, int):
        return None
    proven_at = datetime.fromtimestamp(at, UTC)
    if now - proven_at > timedelta(seconds=MAX_AGE_SECONDS + LEEWAY_SECONDS):
        raise NotVouchedForError
    return min(proven_at, now)


def _as_login(email: str) -> str:
    """In small letters, as logins are; but sign of kelvins is no k."""
    return email.lower() if email.isascii() else email


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OAuthError, JoseError) as error:
        raise NotVouchedForError from error
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        raise ProviderUnavailableError(str(error)) from error
