"""The timeline has the words of the narratives, and no code."""

from typing import Any

import pytest

from features.event import Actor, Event
from governance.people.feedback import read_judgement
from governance.policy.pipeline import read_pipeline
from serving.console.lead.timeline import timeline_of
from serving.console.page.format_fr import doubts
from tests.serving.builders import NOW


def told(kind: str, about: dict[str, Any]) -> str:
    event = Event(
        event_id="e",
        source="crm",
        lead_id="Morel",
        kind=kind,
        occurred_at=NOW,
        received_at=NOW,
        actor=Actor.PERSON,
        data=about,
    )
    (line,) = timeline_of([event], read_pipeline(), read_judgement()).values()
    return line.detail.replace("\u00a0", " ")


def test_a_doubt_is_a_sentence_and_told_once() -> None:
    narrative = {"happened": "Score de 41.", "why": "Les signaux se contredisent."}
    texts = ["les signaux se contredisent", "peu de dossiers passés y ressemblent"]
    score = {"narrative": narrative, "exceptions": [{"text": one} for one in texts]}
    assert doubts(score) == ["Peu de dossiers passés y ressemblent."]


@pytest.mark.parametrize(
    ("kind", "about", "words"),
    [
        (
            "attributes_set",
            {
                "owner": "Awa Diallo",
                "sector": "sante",
                "headcount": 790,
                "region": "hauts_de_france",
                "lead_source": "recommandation",
            },
            "responsable : Awa Diallo, secteur de la santé, 790 salariés, dans les "
            "Hauts-de-France, origine : recommandation",
        ),
        (
            "attributes_set",
            {"tax_id": "FR_12", "headcount": "790", "is_key": True, "amount": 1200},
            "1 200 €, tax id : FR 12, headcount : 790",
        ),
        ("attributes_set", {"sector": "a_b"}, "secteur « a b »"),
        ("attributes_set", {"sector": ""}, ""),
        ("priority_confirmed", {"priority": "elevee"}, "élevée"),
        ("document_downloaded", {"document": "etude_de_cas"}, "étude de cas"),
        ("page_viewed", {"page": "cas_clients"}, "cas clients"),
        ("form_submitted", {"form": "demo"}, "démonstration"),
    ],
)
def test_what_an_event_says_is_in_words(
    kind: str, about: dict[str, Any], words: str
) -> None:
    assert told(kind, about).replace("\u202f", " ") == words
