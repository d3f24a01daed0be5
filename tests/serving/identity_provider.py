"""A little OpenID Connect provider, served on loopback."""

import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.serving.builders import NOW

CLIENT, SECRET = "frein", "a secret of theirs"
BACK = "http://127.0.0.1/console/connexion/entreprise/retour"


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", auto_kid=True)


@dataclass
class LittleProvider:
    """Whoever comes is signed in as `claims` say; `key` signs, `shown` is told."""

    issuer: str = ""
    key: ECKey = field(default_factory=new_key)
    shown: ECKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self.metadata)
        app.get("/keys")(self.keys)
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.token)
        return app

    def metadata(self) -> dict[str, str]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [(self.shown or self.key).as_dict(private=False)]}

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["max_age"] == "3600"
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, BACK)
        code = f"code-{uuid4()}"
        self.codes[code] = asked
        return RedirectResponse(f"{BACK}?code={code}&state={asked['state']}")

    async def token(self, request: Request) -> Response:
        sent = dict(parse_qsl((await request.body()).decode()))
        basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(sent["code"], None)
        proof = sha256(sent["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(proof).decode().rstrip("=")
        is_right = (
            asked is not None
            and request.headers["Authorization"] == f"Basic {basic}"
            and asked["code_challenge"] == challenge
        )
        if not is_right or asked is None:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        told = {"access_token": "a", "token_type": "Bearer"}
        return JSONResponse(told | {"id_token": self.id_token(asked["nonce"])})

    def id_token(self, nonce: str) -> str:
        now = int(NOW.timestamp())
        usual = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": "Awa@example.fr",
            "email_verified": True,
            "auth_time": now,
        }
        header = {"alg": "ES256", "kid": self.key.kid}
        return jwt.encode(header, usual | self.claims, self.key)


@contextmanager
def running_provider() -> Iterator[LittleProvider]:
    provider = LittleProvider()
    config = uvicorn.Config(provider.app(), port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    provider.issuer = f"http://127.0.0.1:{port}"
    yield provider
    server.should_exit = True
    thread.join(10)
