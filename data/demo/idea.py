"""The drivers of winning, named as the signal catalogue names its ideas."""

from enum import StrEnum


class Idea(StrEnum):
    PRICING = "interet_tarifs"
    PRODUCT = "interet_produit"
    REQUESTS = "demandes"
    RETURN = "retour_apres_rendez_vous"
    REPLIES = "reponses"
    LATENCY = "delai_reponse"
    MAIL = "engagement_email"
    LEAVING = "desabonnement"
    DOCUMENTS = "documents"
    CALLS = "appels"
    MEETINGS = "rendez_vous"
    TONE = "ressenti_terrain"
    OBJECTIONS = "objections"
    STAGE = "etape"
    AGE = "anciennete"
    SEQUENCE = "suivi_humain"
    PROFILE = "profil"
    SOURCE = "origine"
    CAREERS = "recrutement"


IDEAS = tuple(Idea)
NUMBER = {idea: number for number, idea in enumerate(IDEAS)}
