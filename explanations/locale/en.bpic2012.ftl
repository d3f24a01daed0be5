# The ideas of the catalogue `bpic2012`: loan applications at a bank. Arguments: the
# idea's signals, by name, and $evidence_days; "inconnu" where unknown.

### The application

idea-avancement = progress of the application
    .facts = application { CODE($stage) ->
        [application_submitted] submitted
        [application_partly_submitted] submitted
        [application_preaccepted] pre-accepted
        [application_accepted] accepted, to be completed
        [application_finalized] complete
       *[other] without a known stage
    }{ SINCE($days_in_stage, before: " ") }

idea-traitement_demande = handling of the application
    .facts = { $lead_handling_contacts ->
        [0] { $days_since_lead_handling ->
            [inconnu] application not handled yet
           *[other] handling of the application scheduled { AGO($days_since_lead_handling) }
        }
        [one] application handled once{ AGO($days_since_lead_handling, before: ", last moved ") }
       *[other] application handled { $lead_handling_contacts } times{ AGO($days_since_lead_handling, before: ", last moved ") }
    }

idea-dossier = completion of the file
    .facts = { $application_completion_contacts ->
        [0] { $days_since_application_completion ->
            [inconnu] file not opened yet
           *[other] contact scheduled { AGO($days_since_application_completion) } to complete the file
        }
        [one] one contact to complete the file{ AGO($days_since_application_completion, before: ", last moved ") }
       *[other] { $application_completion_contacts } contacts to complete the file{ AGO($days_since_application_completion, before: ", last moved ") }
    }

idea-pieces_manquantes = missing documents
    .facts = { $documents_call_contacts ->
        [0] { $days_since_documents_call ->
            [inconnu] no call about missing documents
           *[other] call scheduled { AGO($days_since_documents_call) } about missing documents
        }
        [one] one call about missing documents{ AGO($days_since_documents_call, before: ", last moved ") }
       *[other] { $documents_call_contacts } calls about missing documents{ AGO($days_since_documents_call, before: ", last moved ") }
    }

idea-evaluation = assessment of the application
    .facts = { $assessment_contacts ->
        [0] { $days_since_assessment ->
            [inconnu] application not assessed yet
           *[other] assessment of the application scheduled { AGO($days_since_assessment) }
        }
        [one] application assessed once{ AGO($days_since_assessment, before: ", last moved ") }
       *[other] application assessed { $assessment_contacts } times{ AGO($days_since_assessment, before: ", last moved ") }
    }

### The offer

idea-offres = offers sent
    .facts = { $offers_sent ->
        [0] { $offers_cancelled ->
            [0] no offer sent
            [one] one offer cancelled or declined
           *[other] { $offers_cancelled } offers cancelled or declined
        }
        [one] offer sent{ AGO($days_since_offer, before: " ") }
       *[other] { $offers_sent } offers sent{ AGO($days_since_offer, before: ", the last one ") }
    }
    .up = { idea-offres.facts }{ $offers_sent ->
        [0] { IF_AT_LEAST($offers_cancelled, 1, unlike-against) }
       *[other] { "" }
    }
    .absent = no offer sent so far

idea-retour_offre = return of the offer
    .facts = { $offers_returned ->
        [0] no offer returned by the client
        [one] offer returned by the client{ AGO($days_since_offer_returned, before: " ") }
       *[other] { $offers_returned } offers returned by the client{ AGO($days_since_offer_returned, before: ", the last one ") }
    }
    .down = { $offers_returned ->
        [0] { idea-retour_offre.facts }
       *[other] offer returned by the client{ AGO($days_since_offer_returned, before: " ") }{ unlike-for }
    }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] offer not returned { SINCE($evidence_days) }
        [no] offer sent { AGO($evidence_days) }, not returned
       *[unknown] offer not returned
    }

idea-relance_offre = follow-up of the offer
    .facts = { $offer_call_contacts ->
        [0] { $days_since_offer_call ->
            [inconnu] no call to follow up the offer
           *[other] call scheduled { AGO($days_since_offer_call) } to follow up the offer
        }
        [one] one call to follow up the offer{ AGO($days_since_offer_call, before: ", last moved ") }
       *[other] { $offer_call_contacts } calls to follow up the offer{ AGO($days_since_offer_call, before: ", last moved ") }
    }

### Rhythm, and who asks

idea-rythme = pace of the handling
    .facts = { $person_acts ->
        [0] no action by an adviser
        [one] one action by an adviser{ AGO($days_since_person_acted, before: " ") }
       *[other] { $person_acts } actions by advisers{ AGO($days_since_person_acted, before: ", the last one ") }
    }

idea-montant = amount requested
    .facts = { $amount_requested ->
        [inconnu] amount requested not given
       *[other] amount requested: { EURO($amount_requested) }
    }

idea-anciennete = age and last movement of the file

### Next steps

step-retour_offre = the return of the offer
step-suivi_offre = a call to follow up the offer
