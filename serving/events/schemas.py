"""Schemas of the answer to events."""

from serving.formats.schema import Shown


class Rejected(Shown):
    index: int
    code: str
    detail: str


class EventsTaken(Shown):
    accepted: int
    duplicates: int
    rejected: list[Rejected]
