"""The drivers of winning, named as the signal catalogue names its ideas."""

from enum import StrEnum


class Idea(StrEnum):
    PRICING = "interet_tarifs"
    PRODUCT = "interet_produit"
    RETURN = "retour_apres_rendez_vous"
    REPLIES = "reponses"
    LATENCY = "delai_reponse"
    MAIL = "engagement_email"
    DOCUMENTS = "documents"
    CALLS = "appels"
    MEETINGS = "rendez_vous"
    TONE = "ressenti_terrain"
    OBJECTIONS = "objections"
    STAGE = "etape"
    SILENCE = "silence"
    RHYTHM = "rythme"
    PROFILE = "profil"


IDEAS = tuple(Idea)
NUMBER = {idea: number for number, idea in enumerate(IDEAS)}
