# The ideas of the catalogue `bpic2012`: loan applications at a bank. Arguments: the
# idea's signals, by name, and $evidence_days; "inconnu" where unknown.

### The application

idea-avancement = avancement de la demande
    .facts = demande { CODE($stage) ->
        [application_submitted] déposée
        [application_partly_submitted] déposée
        [application_preaccepted] pré-acceptée
        [application_accepted] acceptée, à compléter
        [application_finalized] complète
       *[other] sans étape connue
    }{ SINCE($days_in_stage, before: " ") }

idea-traitement_demande = traitement de la demande
    .facts = { $lead_handling_contacts ->
        [0] { $days_since_lead_handling ->
            [inconnu] aucun traitement de la demande
           *[other] traitement de la demande programmé { AGO($days_since_lead_handling) }
        }
        [one] demande traitée une fois{ AGO($days_since_lead_handling, before: ", dernier mouvement ") }
       *[other] demande traitée { $lead_handling_contacts } fois{ AGO($days_since_lead_handling, before: ", dernier mouvement ") }
    }

idea-dossier = constitution du dossier
    .facts = { $application_completion_contacts ->
        [0] { $days_since_application_completion ->
            [inconnu] dossier pas encore ouvert
           *[other] contact programmé { AGO($days_since_application_completion) } pour compléter le dossier
        }
        [one] un contact pour compléter le dossier{ AGO($days_since_application_completion, before: ", dernier mouvement ") }
       *[other] { $application_completion_contacts } contacts pour compléter le dossier{ AGO($days_since_application_completion, before: ", dernier mouvement ") }
    }

idea-pieces_manquantes = pièces manquantes
    .facts = { $documents_call_contacts ->
        [0] { $days_since_documents_call ->
            [inconnu] aucun appel pour des pièces manquantes
           *[other] appel programmé { AGO($days_since_documents_call) } pour des pièces manquantes
        }
        [one] un appel pour des pièces manquantes{ AGO($days_since_documents_call, before: ", dernier mouvement ") }
       *[other] { $documents_call_contacts } appels pour des pièces manquantes{ AGO($days_since_documents_call, before: ", dernier mouvement ") }
    }

idea-evaluation = évaluation de la demande
    .facts = { $assessment_contacts ->
        [0] { $days_since_assessment ->
            [inconnu] aucune évaluation de la demande
           *[other] évaluation de la demande programmée { AGO($days_since_assessment) }
        }
        [one] demande évaluée une fois{ AGO($days_since_assessment, before: ", dernier mouvement ") }
       *[other] demande évaluée { $assessment_contacts } fois{ AGO($days_since_assessment, before: ", dernier mouvement ") }
    }

### The offer

idea-offres = offres envoyées
    .facts = { $offers_sent ->
        [0] { $offers_cancelled ->
            [0] aucune offre envoyée
            [one] une offre annulée ou refusée
           *[other] { $offers_cancelled } offres annulées ou refusées
        }
        [one] offre envoyée{ AGO($days_since_offer, before: " ") }
       *[other] { $offers_sent } offres envoyées{ AGO($days_since_offer, before: ", la dernière ") }
    }
    .up = { idea-offres.facts }{ $offers_sent ->
        [0] { IF_AT_LEAST($offers_cancelled, 1, unlike-against) }
       *[other] { "" }
    }
    .absent = aucune offre envoyée à ce jour

idea-retour_offre = retour de l’offre
    .facts = { $offers_returned ->
        [0] aucune offre retournée par le client
        [one] offre retournée par le client{ AGO($days_since_offer_returned, before: " ") }
       *[other] { $offers_returned } offres retournées par le client{ AGO($days_since_offer_returned, before: ", la dernière ") }
    }
    .down = { $offers_returned ->
        [0] { idea-retour_offre.facts }
       *[other] offre retournée par le client{ AGO($days_since_offer_returned, before: " ") }{ unlike-for }
    }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] aucun retour de l’offre { SINCE($evidence_days) }
        [no] aucun retour de l’offre envoyée { AGO($evidence_days) }
       *[unknown] aucun retour de l’offre
    }

idea-relance_offre = suivi de l’offre
    .facts = { $offer_call_contacts ->
        [0] { $days_since_offer_call ->
            [inconnu] aucun appel de suivi de l’offre
           *[other] appel de suivi de l’offre programmé { AGO($days_since_offer_call) }
        }
        [one] un appel de suivi de l’offre{ AGO($days_since_offer_call, before: ", dernier mouvement ") }
       *[other] { $offer_call_contacts } appels de suivi de l’offre{ AGO($days_since_offer_call, before: ", dernier mouvement ") }
    }

### Rhythm, and who asks

idea-rythme = rythme du traitement
    .facts = { $person_acts ->
        [0] aucune intervention d’un conseiller
        [one] une intervention d’un conseiller{ AGO($days_since_person_acted, before: " ") }
       *[other] { $person_acts } interventions de conseillers{ AGO($days_since_person_acted, before: ", la dernière ") }
    }

idea-montant = montant demandé
    .facts = { $amount_requested ->
        [inconnu] montant demandé non précisé
       *[other] montant demandé : { EURO($amount_requested) }
    }

idea-anciennete = ancienneté et dernier mouvement du dossier

### Next steps

step-retour_offre = un retour de l’offre
step-suivi_offre = un appel de suivi de l’offre
