"""Redirects to the page that somebody asked for, once they have signed in."""

import re
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request

from serving.console.page.rendering import HOME

_MOST = 2_000  # characters; an address that we lead to is shorter
_FIRST = f"{HOME}/"
_PLAIN = re.compile(r"[!-\[\]-~]*")  # ASCII without spaces or backslashes
_DOTS = frozenset({".", ".."})
_NO_PAGE = ("connexion", "deconnexion", "static")


def way_back(address: str) -> str:
    """The page of the console that an address names, else À traiter; nowhere else.

    >>> way_back("/console/taches?toutes=1")
    '/console/taches?toutes=1'
    >>> way_back("//example.org/console/"), way_back("/console/..%2f/example.org")
    ('/console/', '/console/')
    """
    return address if _is_page(address) else _FIRST


def _is_page(address: str) -> bool:
    is_plain = len(address) <= _MOST and _PLAIN.fullmatch(address)
    if not is_plain or not address.startswith(_FIRST):
        return False
    inside = unquote(urlsplit(address).path).removeprefix(_FIRST)
    parts = inside.split("/")
    is_within = inside.isprintable() and "\\" not in inside and "" not in parts[:-1]
    return is_within and parts[0] not in _NO_PAGE and not _DOTS & set(parts)


def asked_address(request: Request) -> str:
    """The page that a request asks for, as an address leads to it."""
    path, query = (
        request.scope[part].decode("latin-1") for part in ("raw_path", "query_string")
    )
    return way_back(f"{path}?{query}" if query else path)


def sign_in_address(back: str) -> str:
    """Where to sign in, to be led back to a page."""
    query = "" if back == _FIRST else f"?vers={quote(back, safe='')}"
    return f"{HOME}/connexion{query}"
