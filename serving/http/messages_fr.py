"""What the service says in French: one sentence an error, one phrase a reason.

A sentence may use the error's own fields. Spaces before « : », « ; » and inside
guillemets are U+00A0.
"""

from datetime import datetime, time, timedelta

from data.importing import errors as importing_errors
from explanations import errors as explanations_errors
from explanations.calendar_fr import PARIS
from features import errors as features_errors
from features.errors import FreinError
from governance import errors as governance_errors
from governance.people.principal import broken_by
from governance.policy.policy import Clause
from serving import errors
from training import errors as training_errors

SENTENCE: dict[type[FreinError], str] = {
    features_errors.LogError: "Le journal d’évènements ne peut pas être lu ou écrit.",
    features_errors.EventError: "Évènement mal formé, au champ « {field} » : {why}.",
    features_errors.LeadIdError: (
        "Identifiant d’opportunité refusé, au champ « {field} » : {why}."
    ),
    features_errors.CatalogueError: "Le catalogue de signaux est invalide.",
    importing_errors.ImportFailedError: "L’import a échoué.",
    training_errors.TrainingError: "L’entraînement est impossible.",
    training_errors.ModelUnavailableError: "Aucun modèle n’est disponible.",
    explanations_errors.ModelRejectedError: "Le modèle enregistré a été refusé.",
    explanations_errors.WordingError: "Le catalogue de messages est incomplet.",
    governance_errors.PipelineError: "La description des étapes est invalide.",
    governance_errors.RulesError: "Les règles sont invalides.",
    governance_errors.ExceptionsError: "La description des exceptions est invalide.",
    governance_errors.JudgementError: "Les listes de choix sont invalides.",
    governance_errors.CrmUsersError: "La liste des utilisateurs du CRM est invalide.",
    governance_errors.EventNamesError: (
        "La table des noms d’évènements (FREIN_EVENT_NAMES) est invalide."
    ),
    governance_errors.StagesHeldError: (
        "L’étape « {stage} » ne peut pas changer ainsi ; {count} opportunités y sont "
        "({named})."
    ),
    governance_errors.LostReasonError: (
        "Dites en quelques mots pourquoi l’opportunité est perdue, avec l’une de ces "
        "raisons : {reasons}."
    ),
    governance_errors.StageUnknownError: "Cette étape n’existe pas.",
    governance_errors.StageAlreadyHeldError: "L’opportunité est déjà à cette étape.",
    governance_errors.ActionNotAutomaticError: "Aucun automatisme ne fait cela.",
    errors.RequestError: "La requête ne peut pas être traitée.",
    errors.BodyNotJsonError: (
        "Le corps de la requête n’est pas du JSON valide, en UTF-8."
    ),
    errors.BodyTooLargeError: "Le corps de la requête dépasse {limit} octets.",
    errors.MediaTypeError: "Type de contenu inconnu ; attendu : {expected}.",
    errors.ContentEncodingError: (
        "Le corps est compressé ({encoding}) ; envoyez-le tel quel, sans "
        "Content-Encoding."
    ),
    errors.RequestInvalidError: "Requête invalide, au champ « {field} » : {why}.",
    errors.RouteUnknownError: "Cette adresse n’existe pas.",
    errors.HostUnknownError: (
        "Ce service n’est pas connu sous ce nom (réglage FREIN_ALLOWED_HOSTS)."
    ),
    errors.MethodNotAllowedError: "Cette méthode n’est pas permise à cette adresse.",
    errors.KeyReusedError: "Cette clé d’idempotence a servi pour un autre appel.",
    errors.CallUnderWayError: "Le même appel est en cours ; réessayez.",
    errors.AccessError: "Cet appel n’est pas permis.",
    errors.KeyMissingError: (
        "Une session, ou une clé d’API, est nécessaire (Authorization: Bearer …)."
    ),
    errors.KeyInvalidError: "La clé d’API, le jeton ou la session n’est pas valable.",
    errors.SignInRefusedError: (
        "Identifiant, mot de passe ou code refusé ; après cinq erreurs, le compte est "
        "verrouillé un quart d’heure depuis cette adresse."
    ),
    errors.SecondFactorError: (
        "Le mot de passe est bon ; il faut aussi le code de votre application "
        "d’authentification."
    ),
    errors.ReauthenticationRequiredError: (
        "Cette décision est réservée aux personnes : confirmez d’abord que c’est vous, "
        "en redonnant votre mot de passe (il vaut une heure)."
    ),
    errors.SecondFactorDueError: (
        "Votre rôle demande un code à usage unique : mettez-le en place dans la "
        "console, page Mon compte."
    ),
    errors.TooManyCallsError: (
        "Trop d’appels en peu de temps ; réessayez dans {retry_after} secondes."
    ),
    errors.NotVouchedForError: (
        "Cette identité n’ouvre aucun compte ici ; un administrateur peut en ouvrir un."
    ),
    errors.CsrfMissingError: (
        "Il manque l’en-tête X-CSRF-Token de la session (voir GET /v1/session)."
    ),
    errors.SignInNeededError: (
        "Qui décide se connecte : mot de passe au terminal (--as), ou jeton personnel "
        "(FREIN_TOKEN ou --token-file)."
    ),
    errors.RoleMissingError: "Votre rôle ne le permet pas.",
    errors.ScopeMissingError: "La clé d’API n’a pas la portée « {scope} ».",
    errors.SourceNotYoursError: (
        "La clé d’API parle au nom de « {yours} », pas de « {source} » ; l’URI d’une "
        "source se déclare dans FREIN_EVENT_NAMES."
    ),
    errors.ActorNotYoursError: "La clé d’API ne peut pas dire que « {actor} » a agi.",
    errors.KindReservedError: "Cet évènement est réservé aux personnes : « {kind} ».",
    errors.PersonRequiredError: "Seule une personne peut décider.",
    errors.ReservedForPeopleError: ("{what} est réservé aux personnes{waits}."),
    errors.AboveLimitError: "{what} dépasse ce que vous pouvez accorder{waits}.",
    errors.KindMalformedError: (
        "Le type d’évènement est mal formé : minuscules sans accent, chiffres et "
        "« _ » ; un autre nom se déclare dans FREIN_EVENT_NAMES, pour sa source."
    ),
    errors.TimeNaiveError: "L’heure n’a pas de fuseau horaire, au champ « {field} ».",
    errors.TimeInFutureError: "L’heure est trop en avance, au champ « {field} ».",
    errors.StageNotInPipelineError: (
        "L’étape « {stage} » n’est pas du pipeline ; étapes connues : {known}."
    ),
    errors.MergerNeedsPersonError: (
        "Fusion refusée : une personne a décidé, ou doit décider, sur cette "
        "opportunité. Gardez-la et fusionnez l’autre dans celle-ci, ou archivez-la."
    ),
    errors.RemovalRefusedError: "Refusé, au champ « {field} » : {why}.",
    errors.KindUnknownError: (
        "Rien ici ne lit le type d’évènement « {kind} » ; les plus proches : "
        "{nearest}. S’il est à vous, déclarez-le dans FREIN_EVENT_NAMES."
    ),
    errors.EventIdReusedError: (
        "L’identifiant « {event_id} » a déjà servi à un autre évènement."
    ),
    errors.UnknownError: "Ce qui est demandé n’existe pas.",
    errors.LeadUnknownError: "Cette opportunité est inconnue.",
    errors.LeadIdAmbiguousError: (
        "L’identifiant « {lead_id} » se confond avec {other}, à la casse ou à des "
        "lettres semblables près ; rien n’a été enregistré. Envoyez l’identifiant "
        "exact."
    ),
    errors.LeadForgottenError: (
        "Cette opportunité a été oubliée à bon droit ; elle n’est pas reprise."
    ),
    errors.ObjectedError: (
        "Cette personne s’oppose au profilage : ni score, ni automatisme."
    ),
    errors.LeadRemovedError: "Cette opportunité est {what}.",
    errors.ConsentMissingError: (
        "Sans le consentement de la personne, « {kind} » n’est pas enregistré."
    ),
    errors.ProposalUnknownError: "Cette proposition est inconnue.",
    errors.KeyUnknownError: "Cette clé d’API est inconnue.",
    errors.PersonUnknownError: "Cette personne est inconnue.",
    errors.RuleUnknownError: "Cette règle est inconnue.",
    errors.SuspensionUnknownError: "Aucun automatisme n’est suspendu ici.",
    errors.PriorityMissingError: "Cette opportunité n’a pas encore de priorité.",
    errors.PriorityHeldError: (
        "L’opportunité a déjà cette priorité ; elle peut être confirmée."
    ),
    errors.SuspendedAlreadyError: (
        "C’est déjà suspendu par {by}, {until}. Rien n’a été enregistré ; pour une "
        "autre date, rétablissez, puis suspendez à nouveau."
    ),
    errors.ChangedMeanwhileError: (
        "{what}. Rien n’a été enregistré ; relisez, puis décidez."
    ),
    errors.TaskUnknownError: "Cette tâche est inconnue.",
    errors.TaskClosedError: "Cette tâche est déjà close.",
    errors.TaskAwaitsDecisionError: (
        "Cette tâche attend une décision ; confirmez ou rejetez la proposition."
    ),
    errors.ProposalDecidedError: "Cette proposition a déjà été décidée ({status}).",
    errors.StoreBusyError: "La base est occupée ; réessayez dans quelques secondes.",
    errors.StoreOvertakenError: "Une autre écriture a été plus rapide ; réessayez.",
    errors.StoreFullError: (
        "Le disque de la base est plein : rien n’a été enregistré ; il faut y faire "
        "de la place."
    ),
    errors.StoreReadOnlyError: (
        "La base est en lecture seule : rien ne peut y être enregistré."
    ),
    errors.StoreCorruptError: (
        "La base est endommagée, ou n’en est pas une ; il faut restaurer la dernière "
        "sauvegarde."
    ),
    errors.BackupError: "La sauvegarde ou la restauration est impossible.",
    errors.SettingsError: "Un réglage du service n’est pas valable.",
    errors.ProviderUnavailableError: (
        "Le service d’identité de l’entreprise ne répond pas ; réessayez."
    ),
    errors.ProviderUnsupportedError: "Le service d’identité n’est pas pris en charge.",
    errors.DatabaseUnsupportedError: "Ce type de base de données n’est pas connu.",
    errors.StoreRevisionError: "La base vient d’une autre version de Frein.",
    errors.AuditBrokenError: "Le journal d’audit est rompu à la ligne {seq}.",
    errors.AutomationStoppedError: (
        "Les automatismes sont arrêtés : le journal d’audit est rompu à la ligne {seq}."
    ),
    errors.AnchorsUnreadableError: "Les ancres du journal d’audit sont illisibles.",
    errors.SecretKeyError: "La clé qui protège les secrets des comptes est illisible.",
    errors.InternalError: "Une erreur interne s’est produite ; elle est consignée.",
}

# What is reserved; `name` is the stage, the percentage or the priority.
RESERVED: dict[errors.Reserved, str] = {
    errors.Reserved.STAGE: "Le passage à l’étape « {name} »",
    errors.Reserved.CONCESSION: "Accorder une remise de {name} %",
    errors.Reserved.PRIORITY: "Le passage en priorité « {name} »",
}
# What isn't as it was seen; `now` is what it is.
CHANGED: dict[errors.Reserved, str] = {
    errors.Reserved.STAGE: "L’étape a changé entre-temps : « {now} »",
    errors.Reserved.CONCESSION: (
        "Une autre remise a été accordée entre-temps ; le total est de {now} %"
    ),
    errors.Reserved.PRIORITY: "La priorité a changé entre-temps : « {now} »",
}
OTHER_LEAD = "celui d’une autre opportunité"
PRIORITY = {"elevee": "élevée", "normale": "normale", "basse": "basse"}
GLASS_BROKEN = (  # why the manager is called
    "L’accès de secours du compte {login} a servi ici ; lisez pourquoi dans le "
    "Journal, et dites si ce qui a été fait demeure."
)
WAITS = " ; une proposition attend une décision"  # for who may decide what is reserved
WAITS_FOR_MANAGER = " ; un responsable est saisi de la proposition"
FATE = {
    "confirmed": "confirmée",
    "dismissed": "rejetée",
    "expired": "expirée",
    "decided_in_crm": "décidée dans le CRM",
}

# Why a field was refused, by pydantic's type of error or our own.
WHY: dict[str, str] = {
    "missing": "il manque",
    "extra_forbidden": "il est inconnu",
    "string_type": "un texte est attendu",
    "string_too_short": "il est vide",
    "string_too_long": "il est trop long",
    "dict_type": "un objet est attendu",
    "model_type": "un objet est attendu",
    "list_type": "une liste est attendue",
    "too_long": "il y a trop d’éléments",
    "too_short": "il n’y a pas assez d’éléments",
    "literal_error": "la valeur n’est pas permise",
    "enum": "la valeur n’est pas permise",
    "none_required": "il n’est pas pris en charge",
    "time_malformed": "une heure au format RFC 3339 est attendue",
    "time_naive": "le fuseau horaire manque",
    "kind_malformed": "le type d’évènement est mal formé",
    "not_printable": "il contient un caractère de contrôle",
    "lead_id_unseen": "il contient un caractère invisible, {character}",
    "lead_id_dots": "« . » et « .. » ne tiennent pas dans une adresse",
    "too_deep": "il est trop profondément imbriqué",
    "too_large": "il est trop volumineux",
    "source_malformed": "une source en minuscules, autre que « frein », est attendue",
    "lead_twice": "la même opportunité y est deux fois",
    "password_too_short": "il compte moins de 12 caractères",
    "password_common": "il est trop facile à deviner",
    "network_malformed": "une adresse ou un réseau est attendu, 192.0.2.0/24",
    "code_refused": "le code est faux, ou il a déjà servi",
    "past": "un moment à venir est attendu",
    "taken": "il est déjà pris",
    "written_here": "Frein seul l’écrit",
    "stage_not_in_pipeline": "l’étape n’est pas du pipeline",
    "merged_into_itself": "une opportunité ne se fusionne pas avec elle-même",
    "merged_into_unknown": "l’opportunité avec laquelle fusionner est inconnue",
    "merged_in_circle": "l’autre opportunité est déjà fusionnée dans celle-ci",
    "merged_already": "l’opportunité est déjà fusionnée dans une autre",
    "merged_for_good": "une opportunité fusionnée n’est plus restaurée",
    "kind_unknown": "rien ici ne lit ce type d’évènement",
    "header_twice": "il est donné deux fois",
    "header_not_encoded": (
        "hors de l’ASCII, un en-tête s’écrit en UTF-8, encodé par « % »"
    ),
    "base64_malformed": "du base64 est attendu",
    "not_json": "un objet JSON est attendu",
    "given_twice": "il est donné avec « data » ; l’un des deux suffit",
    "owner_malformed": (
        "un nom est attendu (200 caractères au plus), ou null pour personne"
    ),
    "origin_malformed": "un nom de domaine est attendu",
    "rate_malformed": "un nombre d’appels par minute est attendu, entier et positif",
    "id_reused": "il a déjà servi à un autre évènement",
    "needs_person": "une clé qui se porte garante doit pouvoir dire « person »",
    "other_subject": "le sujet n’est pas l’opportunité",
    "privacy_with_moves": (
        "les portées privacy et moves ne vont pas ensemble, créez une clé pour chacune"
    ),
}
ANY_OTHER_WHY = "la valeur n’est pas acceptée"
ONE_OF = "une des valeurs suivantes est attendue\u00a0: {allowed}"

CLAUSE: dict[Clause, str] = {
    Clause.PERSON_DECIDES: "Une personne a décidé.",
    Clause.STAGE_RESERVED: "Cette étape est réservée aux personnes.",
    Clause.STAGE_FREE: "Cette étape est ouverte aux automatismes.",
    Clause.REQUALIFICATION_RESERVED: (
        "Après un échange complexe, requalifier est réservé aux personnes."
    ),
    Clause.PRIORITY_FREE: "La priorité est ouverte aux automatismes.",
    Clause.ACTION_FREE: "Cette action est ouverte aux automatismes.",
    Clause.CONCESSION_RESERVED: (
        "Une remise au-delà du seuil est réservée aux personnes."
    ),
    Clause.CONCESSION_FREE: "Une remise sous le seuil est ouverte aux automatismes.",
    Clause.PRIORITY_STANDS: "Une personne a donné cette priorité ; elle demeure.",
    Clause.PRIORITY_REOPENED: (
        "Une personne avait donné cette priorité ; des faits nouveaux permettent d’en "
        "proposer une autre."
    ),
    Clause.BREAK_GLASS: (
        "Un accès de secours a décidé, comme le réglage du service le permet."
    ),
    Clause.ABANDONMENT_STANDS: (
        "Revenir sur un abandon est réservé aux personnes, comme l’abandon lui-même."
    ),
    Clause.WINNING_RESERVED: "Déclarer une vente gagnée est réservé aux personnes.",
    Clause.ENDING_STANDS: "Rouvrir une vente gagnée est réservé aux personnes.",
    Clause.DECISION_STANDS: (
        "Une personne a décidé de cette étape ; en changer est réservé aux personnes."
    ),
    Clause.CONCESSION_ABOVE_LIMIT: (
        "Cette remise dépasse la limite de qui la demande ; un responsable en décide."
    ),
}


def signed_name(name: str) -> str:
    """The name of who signed; an emergency access is told as one, never as a person."""
    login = broken_by(name)
    return name if login is None else f"accès de secours (compte {login})"


def removed(removal: str, survivor: str | None) -> str:
    """What became of a lead: « supprimée dans le CRM »."""
    if survivor is not None:
        return f"fusionnée dans « {survivor} »"
    words = {"deleted": "supprimée", "archived": "archivée", "merged": "fusionnée"}
    return f"{words.get(removal, 'retirée')} dans le CRM"


UNTIL_ENDED = "jusqu’à ce qu’une personne y mette fin"


def until(end: datetime) -> str:
    """To when, in Paris: « jusqu’à la fin du 30/11/2026 », or an instant of a day."""
    at = end.astimezone(PARIS)
    if at.time() == time():
        return f"jusqu’à la fin du {at - timedelta(days=1):%d/%m/%Y}"
    return f"jusqu’au {at:%d/%m/%Y à %H:%M}"
