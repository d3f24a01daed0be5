"""The notes of salespeople, in French: what was said, the tone, the objections."""

import numpy as np

from features.arrays import BoolArray, IntArray

TONES = np.arange(-2, 3)
OBJECTIONS = (
    "prix",
    "delai",
    "concurrent",
    "decideur_absent",
    "budget",
    "securite",
)

_AFTER_MEETING = (
    "Rendez-vous avec la responsable du projet.",
    "Réunion de présentation avec l’équipe projet.",
    "Démonstration faite devant l’équipe.",
    "Point d’étape avec le responsable des achats.",
    "Rencontre avec le responsable d’exploitation.",
    "Atelier de cadrage avec les futurs utilisateurs.",
)
_AFTER_CALL = (
    "Échange par téléphone.",
    "Appel de suivi.",
    "Contact joint au téléphone.",
    "Rappelé comme convenu.",
    "Court échange entre deux réunions.",
    "Appel pour faire le point.",
)
_TONE = (
    (
        "Accueil froid, le projet n’est plus d’actualité.",
        "Le contact ne souhaite pas aller plus loin pour le moment.",
        "Discussion tendue, on nous reproche des relances trop nombreuses.",
        "Notre interlocuteur ne voit pas ce que nous pourrions lui apporter.",
    ),
    (
        "Intérêt limité, les réponses restent évasives.",
        "Le sujet n’est pas prioritaire ce trimestre.",
        "Notre interlocuteur demande à être rappelé plus tard, sans date.",
        "Peu de questions, l’écoute est polie.",
    ),
    (
        "Notre interlocuteur prend note et nous recontactera.",
        "Discussion neutre, les besoins restent à préciser.",
        "L’entreprise compare plusieurs solutions, sans préférence affichée.",
        "La réflexion est en cours en interne.",
    ),
    (
        "Bonne discussion, les besoins sont clairs.",
        "Notre interlocuteur pose des questions précises sur le déploiement.",
        "L’équipe est intéressée et demande un exemple proche de son métier.",
        "Notre interlocuteur souhaite revoir la proposition avec son responsable.",
    ),
    (
        "Très bon accueil, ils veulent démarrer vite.",
        "L’équipe est convaincue et demande les conditions de signature.",
        "Notre interlocuteur nous défend en interne et prépare le dossier de décision.",
        "Ils se projettent déjà dans l’utilisation au quotidien.",
    ),
)
_OBJECTION = (
    (
        "Le tarif leur paraît élevé.",
        "Ils attendent un geste sur le prix.",
        "Le prix reste le principal frein.",
    ),
    (
        "Le délai de mise en place les inquiète.",
        "Ils voudraient être livrés plus tôt que ce que nous proposons.",
        "Le calendrier leur semble trop serré.",
    ),
    (
        "Un concurrent est déjà en lice.",
        "Ils ont reçu une offre concurrente.",
        "Leur prestataire actuel a fait une contre-proposition.",
    ),
    (
        "Le décideur était absent.",
        "La personne qui signe n’a pas encore pris part aux échanges.",
        "Il faut encore convaincre la direction générale.",
    ),
    (
        "Le budget de l’année est déjà engagé.",
        "Aucune ligne budgétaire n’est prévue à ce stade.",
        "Le budget n’est pas validé.",
    ),
    (
        "Le service informatique demande des garanties de sécurité.",
        "La question de l’hébergement des données reste ouverte.",
        "Ils veulent un audit de sécurité avant toute décision.",
    ),
)


def write_notes(
    rng: np.random.Generator, met: BoolArray, tone: IntArray, objected: BoolArray
) -> list[str]:
    """One text a note.

    Parameters
    ----------
    met : (notes,) after a meeting, or else a call
    tone : (notes,) positions in `TONES`
    objected : (notes, objections)
    """
    opening = rng.integers(0, len(_AFTER_CALL), len(tone)).tolist()
    wording = rng.integers(0, len(_TONE[0]), len(tone)).tolist()
    objecting = rng.integers(0, len(_OBJECTION[0]), objected.shape).tolist()
    told = objected.tolist()
    return [
        " ".join(
            [
                (_AFTER_MEETING if meeting else _AFTER_CALL)[opening[note]],
                _TONE[level][wording[note]],
                *(
                    _OBJECTION[code][objecting[note][code]]
                    for code, said in enumerate(told[note])
                    if said
                ),
            ]
        )
        for note, (meeting, level) in enumerate(
            zip(met.tolist(), tone.tolist(), strict=True)
        )
    ]
