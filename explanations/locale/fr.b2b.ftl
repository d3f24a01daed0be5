# The ideas of the catalogue `b2b`. Arguments: the idea's signals, by name, and
# $evidence_days; "inconnu" where unknown. See explanations/wording.py.

### Mail

idea-reponses = réponses aux e-mails
    .facts = { $followup_replies_30d ->
        [0] { $replies_14d ->
            [0] { $replies ->
                [0] aucune réponse par e-mail
                [one] réponse à un e-mail{ AGO($days_since_reply, before: " ") }
               *[other] { $replies } réponses à des e-mails{ AGO($days_since_reply, before: ", la dernière ") }
            }
            [one] réponse à un e-mail{ AGO($days_since_reply, before: " ") }
           *[other] { $replies_14d } réponses à des e-mails en 14 jours
        }
        [one] réponse à l’e-mail de relance
       *[other] { $followup_replies_30d } réponses aux e-mails de relance
    }
    .down = { $days_since_reply ->
        [inconnu] { idea-reponses.facts }
       *[other] dernière réponse à un e-mail { AGO($days_since_reply) }{ IF_BELOW($days_since_reply, 14, unlike-for) }
    }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] aucune réponse à l’e-mail { SINCE($evidence_days) }
        [no] aucune réponse à l’e-mail envoyé { AGO($evidence_days) }
       *[unknown] aucune réponse au dernier e-mail
    }

idea-delai_reponse = délai de réponse
    .facts = { AT_LEAST($reply_latency_hours, 24) ->
        [yes] délai de réponse de { DURATION($reply_latency_hours) }
        [no] délai de réponse inférieur à 24 h
       *[unknown] aucun délai de réponse mesuré
    }
    .up = { AT_LEAST($reply_latency_hours, 24) ->
        [yes] réponse reçue malgré un délai de { DURATION($reply_latency_hours) }
       *[other] { idea-delai_reponse.facts }
    }
    .down = { idea-delai_reponse.facts }{ IF_BELOW($reply_latency_hours, 24, unlike-for) }

idea-engagement_email = clics dans les e-mails
    .facts = { $clicks_30d ->
        [0] { $days_since_click ->
            [inconnu] aucun clic dans nos e-mails
           *[other] dernier clic dans un e-mail { AGO($days_since_click) }
        }
        [one] clic dans un e-mail{ AGO($days_since_click, before: " ") }
       *[other] { $clicks_30d } clics dans nos e-mails en 30 jours
    }
    .up = { $days_since_click ->
        [inconnu] { idea-engagement_email.facts }{ unlike-against }
       *[other] { idea-engagement_email.facts }
    }
    .down = { $days_since_click ->
        [inconnu] { idea-engagement_email.facts }
       *[other] dernier clic dans un e-mail { AGO($days_since_click) }{ IF_BELOW($days_since_click, 14, unlike-for) }
    }
    .absent = aucun clic dans { $evidence_days ->
        [inconnu] le dernier e-mail
       *[other] l’e-mail envoyé { AGO($evidence_days) }
    }

idea-desabonnement = désabonnement des e-mails
    .facts = { $unsubscribes ->
        [0] aucun désabonnement des e-mails
        [one] désabonnement des e-mails{ AGO($evidence_days, before: " ") }
       *[other] { $unsubscribes } désabonnements des e-mails{ AGO($evidence_days, before: ", le dernier ") }
    }
    .up = { idea-desabonnement.facts }{ IF_AT_LEAST($unsubscribes, 1, unlike-against) }

### Site

idea-interet_tarifs = intérêt pour les tarifs
    .facts = { $pricing_views_30d ->
        [0] { $days_since_pricing_view ->
            [inconnu] aucune visite de la page tarifs
           *[other] dernière visite de la page tarifs { AGO($days_since_pricing_view) }
        }
        [one] visite de la page tarifs{ AGO($days_since_pricing_view, before: " ") }
       *[other] { AT_LEAST($days_since_pricing_view, 8) ->
            [yes] { $pricing_views_30d } visites de la page tarifs en 30 jours{ AGO($days_since_pricing_view, before: ", la dernière ") }
           *[other] { AT_LEAST($pricing_views_30d, 4) ->
                [no] nouvelle visite de la page tarifs
               *[yes] nouvelle visite de la page tarifs, la { $pricing_views_30d }ᵉ en 30 jours
            }
        }
    }
    .down = { $days_since_pricing_view ->
        [inconnu] { idea-interet_tarifs.facts }
       *[other] dernière visite de la page tarifs { AGO($days_since_pricing_view) }{ IF_BELOW($days_since_pricing_view, 14, unlike-for) }
    }
    .absent = { $days_since_pricing_view ->
        [inconnu] aucune visite de la page tarifs à ce jour
       *[other] dernière visite de la page tarifs { AGO($days_since_pricing_view) }
    }

idea-interet_produit = intérêt pour le produit
    .facts = { $product_views_30d ->
        [0] { $days_since_product_view ->
            [inconnu] aucune page produit vue
           *[other] dernière page produit vue { AGO($days_since_product_view) }
        }
        [one] page produit vue{ AGO($days_since_product_view, before: " ") }
       *[other] { AT_LEAST($product_sessions_30d, 2) ->
            [yes] { $product_views_30d } pages produit vues en { $product_sessions_30d } visites
           *[no] { $product_views_30d } pages produit vues en 30 jours
        }
    }
    .down = { $days_since_product_view ->
        [inconnu] { idea-interet_produit.facts }
       *[other] dernière page produit vue { AGO($days_since_product_view) }{ IF_BELOW($days_since_product_view, 14, unlike-for) }
    }
    .absent = aucune page produit vue à ce jour

idea-recrutement = visites de la page recrutement
    .facts = { $careers_views_60d ->
        [0] { $days_since_careers_view ->
            [inconnu] aucune visite de la page recrutement
           *[other] dernière visite de la page recrutement { AGO($days_since_careers_view) }
        }
        [one] visite de la page recrutement{ AGO($days_since_careers_view, before: " ") }
       *[other] { $careers_views_60d } visites de la page recrutement en 60 jours
    }
    .up = { idea-recrutement.facts }{ IF_AT_LEAST($days_since_careers_view, 0, unlike-against) }

idea-demandes = demandes envoyées depuis le site
    .facts = { $forms_60d ->
        [0] { $contact_views_30d ->
            [0] { AT_LEAST($newsletter_share, 1) ->
                [yes] inscription à la lettre d’information
                [no] demande de démonstration ou de contact de plus de 60 jours
               *[unknown] aucune demande de démonstration ou de contact en 60 jours
            }
            [one] visite de la page de contact
           *[other] { $contact_views_30d } visites de la page de contact en 30 jours
        }
        [one] demande de démonstration ou de contact
       *[other] { $forms_60d } demandes de démonstration ou de contact en 60 jours
    }
    .down = { $forms_60d ->
        [0] { $newsletter_share ->
            [inconnu] aucune demande de démonstration ou de contact en 60 jours
           *[other] { idea-demandes.facts }
        }
       *[other] { idea-demandes.facts }{ unlike-for }
    }

idea-documents = documents téléchargés
    .facts = { $documents_30d ->
        [0] { $days_since_document ->
            [inconnu] aucun document téléchargé
           *[other] dernier téléchargement d’un document { AGO($days_since_document) }
        }
        [one] téléchargement d’un document{ AGO($days_since_document, before: " ") }
       *[other] { $documents_30d } téléchargements de documents en 30 jours
    }
    .down = { $days_since_document ->
        [inconnu] { idea-documents.facts }
       *[other] dernier téléchargement d’un document { AGO($days_since_document) }{ IF_BELOW($days_since_document, 14, unlike-for) }
    }
    .absent = aucun document téléchargé à ce jour

### Calls and meetings

idea-appels = échanges téléphoniques
    .facts = { $calls_received ->
        [0] { $calls_reached_30d ->
            [0] { calls-missed }
            [one] échange téléphonique avec le prospect{ calls-length }
           *[other] { $calls_reached_30d } échanges téléphoniques en 30 jours{ calls-length }
        }
        [one] appel reçu du prospect
       *[other] { $calls_received } appels reçus du prospect
    }
    .up = { idea-appels.facts }{ $calls_received ->
        [0] { $calls_reached_30d ->
            [0] { IF_AT_LEAST($calls_missed_30d, 1, unlike-against) }
           *[other] { "" }
        }
       *[other] { "" }
    }
    .down = { $calls_missed_30d ->
        [0] { idea-appels.facts }{ $calls_received ->
            [0] { IF_AT_LEAST($calls_reached_30d, 1, unlike-for) }
           *[other] { unlike-for }
        }
       *[other] { $calls_reached_30d ->
            [0] { calls-missed }
           *[other] { LIST(calls-missed, calls-reached) }
        }
    }
    .absent = aucun appel abouti vers le prospect à ce jour

calls-missed = { $calls_missed_30d ->
        [0] { $mean_call_minutes ->
            [inconnu] aucun échange téléphonique noté en 30 jours
           *[other] dernier échange téléphonique il y a plus de 30 jours
        }
        [one] appel tombé sur la messagerie
       *[other] { $calls_missed_30d } appels tombés sur la messagerie en 30 jours
    }
calls-reached = { $calls_reached_30d ->
        [one] 1 échange téléphonique
       *[other] { $calls_reached_30d } échanges téléphoniques
    }
calls-length = { AT_LEAST($call_minutes_30d, 1) ->
        [yes] , { $call_minutes_30d } min au total
       *[other] { "" }
    }

idea-rendez_vous = rendez-vous
    .facts = { $meetings ->
        [0] aucun rendez-vous avec le prospect
        [one] rendez-vous avec le prospect{ AGO($days_since_meeting, before: " ") }
       *[other] { $meetings } rendez-vous avec le prospect{ AGO($days_since_meeting, before: ", le dernier ") }
    }
    .down = { $days_since_meeting ->
        [inconnu] { idea-rendez_vous.facts }
       *[other] dernier rendez-vous avec le prospect { AGO($days_since_meeting) }{ IF_BELOW($days_since_meeting, 14, unlike-for) }
    }
    .absent = aucun rendez-vous avec le prospect à ce jour

idea-retour_apres_rendez_vous = retour sur le site après un rendez-vous
    .facts = { $views_after_meeting ->
        [0] pas de retour sur le site après un rendez-vous
        [one] retour sur le site après le rendez-vous{ AGO($days_since_view_after_meeting, before: ", ") }
       *[other] retour sur le site après le rendez-vous, { $views_after_meeting } pages vues
    }
    .down = { idea-retour_apres_rendez_vous.facts }{ IF_AT_LEAST($views_after_meeting, 1, unlike-for) }
    .absent = { $views_after_meeting ->
        [0] pas de retour sur le site depuis le rendez-vous{ AGO($evidence_days, before: " tenu ") }
       *[other] page produit non revue depuis le rendez-vous{ AGO($evidence_days, before: " tenu ") }
    }

### Notes from the field: a tone is below 0, 0, or above

idea-ressenti_terrain = ressenti du terrain
    .facts = { AT_LEAST($last_tone, 0.001) ->
        [yes] ressenti positif dans la dernière note de terrain
        [no] { AT_LEAST($last_tone, 0) ->
            [yes] ressenti neutre dans la dernière note de terrain
           *[no] ressenti négatif dans la dernière note de terrain
        }
       *[unknown] dernière note de terrain
    }
    .up = { AT_LEAST($last_tone, 0.001) ->
        [yes] { idea-ressenti_terrain.facts }
       *[other] { AT_LEAST($mean_tone, 0.001) ->
            [yes] ressenti positif dans l’ensemble des notes de terrain
           *[other] { idea-ressenti_terrain.facts }{ IF_BELOW($last_tone, 0, unlike-against) }
        }
    }
    .down = { AT_LEAST($last_tone, 0) ->
        [no] { idea-ressenti_terrain.facts }
       *[other] { AT_LEAST($mean_tone, 0) ->
            [no] ressenti négatif dans l’ensemble des notes de terrain
           *[other] { idea-ressenti_terrain.facts }{ IF_AT_LEAST($last_tone, 0.001, unlike-for) }
        }
    }

idea-objections = objections
    .facts = { LIST(objection-price, objection-competitor, objection-decider, none: "aucune") ->
        [aucune] { $objections_60d ->
            [0] aucune objection notée en 60 jours
            [one] objection notée sur le terrain
           *[other] objections relevées dans { $objections_60d } notes en 60 jours
        }
       *[other] réserves exprimées : { LIST(objection-price, objection-competitor, objection-decider) }
    }
    .up = { LIST(objection-price, objection-competitor, objection-decider, none: "aucune") ->
        [aucune] { idea-objections.facts }{ IF_AT_LEAST($objections_60d, 1, unlike-against) }
       *[other] { idea-objections.facts }{ unlike-against }
    }
    .down = { LIST(objection-price, objection-competitor, objection-decider, none: "aucune") ->
        [aucune] { idea-objections.facts }{ IF_BELOW($objections_60d, 1, unlike-for) }
       *[other] { idea-objections.facts }
    }

objection-price = { $price_objections ->
        [0] { "" }
       *[other] prix ou budget
    }
objection-competitor = { $competitor_objections ->
        [0] { "" }
       *[other] concurrence
    }
objection-decider = { $absent_decider_objections ->
        [0] { "" }
       *[other] décideur absent
    }

### What people say of the scores

idea-avis_humain = avis de l’équipe
    .facts = { CODE($judged_priority) ->
        [elevee] priorité jugée élevée par l’équipe
        [normale] priorité jugée normale par l’équipe
        [basse] priorité jugée basse par l’équipe
        [inconnu] { $priorities_contested ->
            [0] aucun avis de l’équipe sur la priorité
           *[other] priorité contestée par l’équipe
        }
       *[other] priorité jugée « { LABEL($judged_priority) } » par l’équipe
    }
    .up = { idea-avis_humain.facts }{ CODE($judged_priority) ->
        [basse] { unlike-against }
       *[other] { "" }
    }
    .down = { idea-avis_humain.facts }{ CODE($judged_priority) ->
        [elevee] { unlike-for }
       *[other] { "" }
    }

### Offer and stage

idea-devis = devis
    .facts = { $quotes ->
        [0] aucun devis envoyé
        [one] devis{ quote-amount } envoyé{ AGO($days_since_quote, before: " ") }
       *[other] { $quotes } devis envoyés{ quote-last }
    }
    .down = { $days_since_quote ->
        [inconnu] { idea-devis.facts }
       *[other] dernier devis envoyé { AGO($days_since_quote) }{ IF_BELOW($days_since_quote, 14, unlike-for) }
    }

quote-last = { AT_LEAST($last_quote_amount, 1) ->
        [yes] , le dernier{ quote-amount }{ AGO($days_since_quote, before: " ") }
       *[other] { AGO($days_since_quote, before: ", le dernier ") }
    }
quote-amount = { AT_LEAST($last_quote_amount, 1) ->
        [yes] {" "}de { EURO($last_quote_amount) }
       *[other] { "" }
    }

idea-etape = étape de vente
    .facts = { AT_LEAST($days_in_stage, 7) ->
        [no] passage à l’étape { stage-of } { AGO($days_in_stage) }
       *[other] dossier à l’étape { stage-of }{ SINCE($days_in_stage, before: " ") }
    }
    .up = { idea-etape.facts }{ CODE($stage) ->
        [perdu] { unlike-against }
       *[other] { "" }
    }
    .down = { idea-etape.facts }{ CODE($stage) ->
        [gagne] { unlike-for }
        [signature] { unlike-for }
        [negociation] { IF_BELOW($days_in_stage, 14, unlike-for) }
        [negociation_finale] { IF_BELOW($days_in_stage, 14, unlike-for) }
       *[other] { "" }
    }

stage-of = { CODE($stage) ->
        [nouveau] des nouveaux contacts
        [contacte] de la prise de contact
        [premier_contact] de la prise de contact
        [prospection] de la prospection
        [qualifie] de la qualification
        [qualification] de la qualification
        [decouverte] de la découverte
        [demonstration] de la démonstration
        [proposition] de la proposition
        [negociation] de la négociation
        [negociation_finale] de la négociation finale
        [gagne] de la signature
        [signature] de la signature
        [perdu] de l’abandon
        [inconnu] en cours
       *[other] « { LABEL($stage) } »
    }

### Silence and rhythm

idea-silence = silence du prospect
    .facts = { AT_LEAST($days_since_lead_acted, 2) ->
        [yes] aucun signe du prospect { SINCE($days_since_lead_acted) }
        [no] dernier signe du prospect { AGO($days_since_lead_acted) }
       *[unknown] aucun signe du prospect à ce jour
    }
    .up = { AT_LEAST($days_since_lead_acted, 14) ->
        [yes] dernier signe du prospect { AGO($days_since_lead_acted) }
        [no] activité récente du prospect, { AGO($days_since_lead_acted) }
       *[unknown] { idea-silence.facts }{ unlike-against }
    }
    .down = { idea-silence.facts }{ IF_BELOW($days_since_lead_acted, 2, unlike-for) }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] e-mail sans réponse { SINCE($evidence_days) }
        [no] e-mail envoyé { AGO($evidence_days) }, sans réponse
       *[unknown] dernier e-mail resté sans réponse
    }

idea-rythme = rythme de l’activité
    .facts = { AT_LEAST($lead_acts_trend_14d, 1) ->
        [yes] activité du prospect en hausse sur 14 jours
       *[no] { AT_LEAST($lead_acts_trend_14d, 0) ->
            [no] activité du prospect en baisse sur 14 jours
           *[yes] { $lead_acts_7d ->
                [0] aucune activité du prospect en 7 jours
                [one] une seule action du prospect en 7 jours
               *[other] { $lead_acts_7d } actions du prospect en 7 jours
            }
        }
    }
    .up = { AT_LEAST($lead_acts_trend_14d, 1) ->
        [yes] { idea-rythme.facts }
       *[no] { AT_LEAST($lead_acts_7d, 2) ->
            [yes] { $lead_acts_7d } actions du prospect en 7 jours
           *[no] { AT_LEAST($distinct_pages_30d, 2) ->
                [yes] { $distinct_pages_30d } pages différentes vues en 30 jours
               *[no] { idea-rythme.facts }{ IF_BELOW($lead_acts_trend_14d, 0, unlike-against) }
            }
        }
    }
    .down = { idea-rythme.facts }{ AT_LEAST($lead_acts_trend_14d, 1) ->
        [yes] { unlike-for }
       *[no] { AT_LEAST($lead_acts_trend_14d, 0) ->
            [yes] { IF_AT_LEAST($lead_acts_7d, 2, unlike-for) }
           *[no] { "" }
        }
    }

### Who acts on our side

idea-suivi_humain = suivi par notre équipe
    .facts = { AT_LEAST($automated_share_30d, 1) ->
        [yes] suivi entièrement automatisé sur 30 jours
       *[no] { AT_LEAST($automated_share_30d, 0.5) ->
            [yes] suivi automatisé à { PERCENT($automated_share_30d) } sur 30 jours
           *[no] { $days_since_person_acted ->
                [inconnu] { $emails_sent_14d ->
                    [0] aucune action de notre équipe à ce jour
                    [one] un e-mail envoyé au prospect en 14 jours
                   *[other] { $emails_sent_14d } e-mails envoyés au prospect en 14 jours
                }
               *[other] dernière action de notre équipe { AGO($days_since_person_acted) }
            }
        }
    }
    .up = { $days_since_person_acted ->
        [inconnu] { idea-suivi_humain.facts }
       *[other] { AT_LEAST($automated_share_30d, 0.5) ->
            [yes] { idea-suivi_humain.facts }
           *[other] suivi par notre équipe, dernière action { AGO($days_since_person_acted) }
        }
    }
    .down = { AT_LEAST($automated_share_30d, 0.5) ->
        [yes] { idea-suivi_humain.facts }
       *[other] { AT_LEAST($emails_sent_14d, 3) ->
            [yes] { $emails_sent_14d } e-mails envoyés au prospect en 14 jours
           *[other] { idea-suivi_humain.facts }
        }
    }

### Fit: who the lead is, never what it did

idea-profil = profil
    .bare = { LIST(profile-sector, profile-headcount, profile-region, none: "non renseigné") }
    .facts = profil : { idea-profil.bare }

profile-sector = { CODE($sector) ->
        [inconnu] { "" }
       *[other] secteur { sector-of }
    }
profile-headcount = { AT_LEAST($headcount, 1) ->
        [yes] { $headcount ->
            [one] 1 salarié
           *[other] { $headcount } salariés
        }
       *[other] { "" }
    }
profile-region = { CODE($region) ->
        [inconnu] { "" }
       *[other] { region-in }
    }

sector-of = { CODE($sector) ->
        [administration] de l’administration
        [aeronautique] de l’aéronautique
        [agriculture] de l’agriculture
        [agroalimentaire] de l’agroalimentaire
        [assurance] de l’assurance
        [automobile] de l’automobile
        [banque] de la banque
        [btp] du bâtiment
        [chimie] de la chimie
        [commerce] du commerce
        [conseil] du conseil
        [construction] de la construction
        [distribution] de la distribution
        [education] de l’éducation
        [energie] de l’énergie
        [finance] de la finance
        [formation] de la formation
        [hotellerie] de l’hôtellerie
        [immobilier] de l’immobilier
        [industrie] de l’industrie
        [informatique] de l’informatique
        [logiciel] du logiciel
        [logistique] de la logistique
        [luxe] du luxe
        [medias] des médias
        [numerique] du numérique
        [public] public
        [restauration] de la restauration
        [sante] de la santé
        [services] des services
        [telecoms] des télécoms
        [tourisme] du tourisme
        [transport] du transport
       *[other] « { LABEL($sector) } »
    }

region-in = { CODE($region) ->
        [auvergne_rhone_alpes] en Auvergne-Rhône-Alpes
        [bourgogne_franche_comte] en Bourgogne-Franche-Comté
        [bretagne] en Bretagne
        [centre_val_de_loire] dans le Centre-Val de Loire
        [corse] en Corse
        [grand_est] dans le Grand Est
        [guadeloupe] en Guadeloupe
        [guyane] en Guyane
        [hauts_de_france] dans les Hauts-de-France
        [ile_de_france] en Île-de-France
        [la_reunion] à La Réunion
        [martinique] en Martinique
        [mayotte] à Mayotte
        [normandie] en Normandie
        [nouvelle_aquitaine] en Nouvelle-Aquitaine
        [occitanie] en Occitanie
        [pays_de_la_loire] dans les Pays de la Loire
        [provence_alpes_cote_d_azur] en Provence-Alpes-Côte d’Azur
       *[other] région « { LABEL($region) } »
    }

idea-origine = origine
    .bare = { CODE($lead_source) ->
        [annonce] annonce publicitaire
        [appel_entrant] appel entrant
        [emailing] campagne d’e-mails
        [evenement] événement
        [formulaire] formulaire du site
        [hubspot] HubSpot
        [inconnu] non renseignée
        [linkedin] LinkedIn
        [newsletter] lettre d’information
        [parrainage] parrainage
        [partenaire] partenaire
        [prospection] prospection
        [publicite] publicité
        [recommandation] recommandation
        [referencement] recherche sur le web
        [reseaux_sociaux] réseaux sociaux
        [salesforce] Salesforce
        [salon] salon professionnel
        [site_web] site web
        [webinaire] webinaire
       *[other] « { LABEL($lead_source) } »
    }
    .facts = origine : { idea-origine.bare }

idea-anciennete = ancienneté

### Next steps

step-appel = un appel abouti
step-reponse = une réponse à un e-mail
step-rendez_vous = un rendez-vous
