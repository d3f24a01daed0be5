# The ideas of the catalogue `b2b`. Arguments: the idea's signals, by name, and
# $evidence_days; "inconnu" where unknown. See explanations/wording.py.

### Mail

idea-reponses = replies to emails
    .facts = { $followup_replies_30d ->
        [0] { $replies_14d ->
            [0] { $replies ->
                [0] no reply by email
                [one] reply to an email{ AGO($days_since_reply, before: " ") }
               *[other] { $replies } replies to emails{ AGO($days_since_reply, before: ", the last one ") }
            }
            [one] reply to an email{ AGO($days_since_reply, before: " ") }
           *[other] { $replies_14d } replies to emails in 14 days
        }
        [one] reply to the follow-up email
       *[other] { $followup_replies_30d } replies to follow-up emails
    }
    .down = { $days_since_reply ->
        [inconnu] { idea-reponses.facts }
       *[other] last reply to an email { AGO($days_since_reply) }{ IF_BELOW($days_since_reply, 14, unlike-for) }
    }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] no reply to the email { SINCE($evidence_days) }
        [no] no reply to the email sent { AGO($evidence_days) }
       *[unknown] no reply to the last email
    }

idea-delai_reponse = time to reply
    .facts = { AT_LEAST($reply_latency_hours, 24) ->
        [yes] replied after { DURATION($reply_latency_hours) }
        [no] replied within 24 hours
       *[unknown] no time to reply measured
    }
    .up = { AT_LEAST($reply_latency_hours, 24) ->
        [yes] replied, though after { DURATION($reply_latency_hours) }
       *[other] { idea-delai_reponse.facts }
    }
    .down = { idea-delai_reponse.facts }{ IF_BELOW($reply_latency_hours, 24, unlike-for) }

idea-engagement_email = clicks in emails
    .facts = { $clicks_30d ->
        [0] { $days_since_click ->
            [inconnu] no click in our emails
           *[other] last click in an email { AGO($days_since_click) }
        }
        [one] click in an email{ AGO($days_since_click, before: " ") }
       *[other] { $clicks_30d } clicks in our emails in 30 days
    }
    .up = { $days_since_click ->
        [inconnu] { idea-engagement_email.facts }{ unlike-against }
       *[other] { idea-engagement_email.facts }
    }
    .down = { $days_since_click ->
        [inconnu] { idea-engagement_email.facts }
       *[other] last click in an email { AGO($days_since_click) }{ IF_BELOW($days_since_click, 14, unlike-for) }
    }
    .absent = no click in { $evidence_days ->
        [inconnu] the last email
       *[other] the email sent { AGO($evidence_days) }
    }

idea-desabonnement = unsubscription from emails
    .facts = { $unsubscribes ->
        [0] still subscribed to emails
        [one] unsubscribed from emails{ AGO($evidence_days, before: " ") }
       *[other] unsubscribed from emails { $unsubscribes } times{ AGO($evidence_days, before: ", the last one ") }
    }
    .up = { idea-desabonnement.facts }{ IF_AT_LEAST($unsubscribes, 1, unlike-against) }

### Site

idea-interet_tarifs = interest in pricing
    .facts = { $pricing_views_30d ->
        [0] { $days_since_pricing_view ->
            [inconnu] no visit to the pricing page
           *[other] last visit to the pricing page { AGO($days_since_pricing_view) }
        }
        [one] visit to the pricing page{ AGO($days_since_pricing_view, before: " ") }
       *[other] { AT_LEAST($days_since_pricing_view, 8) ->
            [yes] { $pricing_views_30d } visits to the pricing page in 30 days{ AGO($days_since_pricing_view, before: ", the last one ") }
           *[other] { AT_LEAST($pricing_views_30d, 4) ->
                [no] new visit to the pricing page
               *[yes] new visit to the pricing page, { $pricing_views_30d } in 30 days
            }
        }
    }
    .down = { $days_since_pricing_view ->
        [inconnu] { idea-interet_tarifs.facts }
       *[other] last visit to the pricing page { AGO($days_since_pricing_view) }{ IF_BELOW($days_since_pricing_view, 14, unlike-for) }
    }
    .absent = { $days_since_pricing_view ->
        [inconnu] no visit to the pricing page so far
       *[other] last visit to the pricing page { AGO($days_since_pricing_view) }
    }

idea-interet_produit = interest in the product
    .facts = { $product_views_30d ->
        [0] { $days_since_product_view ->
            [inconnu] no product page viewed
           *[other] product page last viewed { AGO($days_since_product_view) }
        }
        [one] product page viewed{ AGO($days_since_product_view, before: " ") }
       *[other] { AT_LEAST($product_sessions_30d, 2) ->
            [yes] { $product_views_30d } product pages viewed in { $product_sessions_30d } visits
           *[no] { $product_views_30d } product pages viewed in 30 days
        }
    }
    .down = { $days_since_product_view ->
        [inconnu] { idea-interet_produit.facts }
       *[other] product page last viewed { AGO($days_since_product_view) }{ IF_BELOW($days_since_product_view, 14, unlike-for) }
    }
    .absent = no product page viewed so far

idea-recrutement = visits to the careers page
    .facts = { $careers_views_60d ->
        [0] { $days_since_careers_view ->
            [inconnu] no visit to the careers page
           *[other] last visit to the careers page { AGO($days_since_careers_view) }
        }
        [one] visit to the careers page{ AGO($days_since_careers_view, before: " ") }
       *[other] { $careers_views_60d } visits to the careers page in 60 days
    }
    .up = { idea-recrutement.facts }{ IF_AT_LEAST($days_since_careers_view, 0, unlike-against) }

idea-demandes = requests sent from the site
    .facts = { $forms_60d ->
        [0] { $contact_views_30d ->
            [0] { AT_LEAST($newsletter_share, 1) ->
                [yes] subscription to the newsletter
                [no] request for a demo or a contact more than 60 days old
               *[unknown] no request for a demo or a contact in 60 days
            }
            [one] visit to the contact page
           *[other] { $contact_views_30d } visits to the contact page in 30 days
        }
        [one] request for a demo or a contact
       *[other] { $forms_60d } requests for a demo or a contact in 60 days
    }
    .down = { $forms_60d ->
        [0] { $newsletter_share ->
            [inconnu] no request for a demo or a contact in 60 days
           *[other] { idea-demandes.facts }
        }
       *[other] { idea-demandes.facts }{ unlike-for }
    }

idea-documents = documents downloaded
    .facts = { $documents_30d ->
        [0] { $days_since_document ->
            [inconnu] no document downloaded
           *[other] document last downloaded { AGO($days_since_document) }
        }
        [one] document downloaded{ AGO($days_since_document, before: " ") }
       *[other] { $documents_30d } documents downloaded in 30 days
    }
    .down = { $days_since_document ->
        [inconnu] { idea-documents.facts }
       *[other] document last downloaded { AGO($days_since_document) }{ IF_BELOW($days_since_document, 14, unlike-for) }
    }
    .absent = no document downloaded so far

### Calls and meetings

idea-appels = phone conversations
    .facts = { $calls_received ->
        [0] { $calls_reached_30d ->
            [0] { calls-missed }
            [one] phone conversation with the lead{ calls-length }
           *[other] { $calls_reached_30d } phone conversations in 30 days{ calls-length }
        }
        [one] call received from the lead
       *[other] { $calls_received } calls received from the lead
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
    .absent = lead not reached by phone so far

calls-missed = { $calls_missed_30d ->
        [0] { $mean_call_minutes ->
            [inconnu] no phone conversation noted in 30 days
           *[other] last phone conversation more than 30 days ago
        }
        [one] one call that went to voicemail
       *[other] { $calls_missed_30d } calls that went to voicemail in 30 days
    }
calls-reached = { $calls_reached_30d ->
        [one] 1 phone conversation
       *[other] { $calls_reached_30d } phone conversations
    }
calls-length = { AT_LEAST($call_minutes_30d, 1) ->
        [yes] , { $call_minutes_30d } min in all
       *[other] { "" }
    }

idea-rendez_vous = meetings
    .facts = { $meetings ->
        [0] no meeting with the lead
        [one] meeting with the lead{ AGO($days_since_meeting, before: " ") }
       *[other] { $meetings } meetings with the lead{ AGO($days_since_meeting, before: ", the last one ") }
    }
    .down = { $days_since_meeting ->
        [inconnu] { idea-rendez_vous.facts }
       *[other] last meeting with the lead { AGO($days_since_meeting) }{ IF_BELOW($days_since_meeting, 14, unlike-for) }
    }
    .absent = no meeting with the lead so far

idea-retour_apres_rendez_vous = return to the site after a meeting
    .facts = { $views_after_meeting ->
        [0] no return to the site after a meeting
        [one] return to the site after the meeting{ AGO($days_since_view_after_meeting, before: ", ") }
       *[other] return to the site after the meeting, { $views_after_meeting } pages viewed
    }
    .down = { idea-retour_apres_rendez_vous.facts }{ IF_AT_LEAST($views_after_meeting, 1, unlike-for) }
    .absent = { $views_after_meeting ->
        [0] no return to the site since the meeting{ AGO($evidence_days, before: " held ") }
       *[other] product page not viewed since the meeting{ AGO($evidence_days, before: " held ") }
    }

### Notes from the field: a tone is below 0, 0, or above

idea-ressenti_terrain = impression from the field
    .facts = { AT_LEAST($last_tone, 0.001) ->
        [yes] good impression in the last note from the field
        [no] { AT_LEAST($last_tone, 0) ->
            [yes] neutral impression in the last note from the field
           *[no] poor impression in the last note from the field
        }
       *[unknown] last note from the field
    }
    .up = { AT_LEAST($last_tone, 0.001) ->
        [yes] { idea-ressenti_terrain.facts }
       *[other] { AT_LEAST($mean_tone, 0.001) ->
            [yes] good impression in the notes from the field as a whole
           *[other] { idea-ressenti_terrain.facts }{ IF_BELOW($last_tone, 0, unlike-against) }
        }
    }
    .down = { AT_LEAST($last_tone, 0) ->
        [no] { idea-ressenti_terrain.facts }
       *[other] { AT_LEAST($mean_tone, 0) ->
            [no] poor impression in the notes from the field as a whole
           *[other] { idea-ressenti_terrain.facts }{ IF_AT_LEAST($last_tone, 0.001, unlike-for) }
        }
    }

idea-objections = objections
    .facts = { LIST(objection-price, objection-competitor, objection-decider, none: "none") ->
        [none] { $objections_60d ->
            [0] no objection noted in 60 days
            [one] objection noted in the field
           *[other] objections raised in { $objections_60d } notes in 60 days
        }
       *[other] reservations: { LIST(objection-price, objection-competitor, objection-decider) }
    }
    .up = { LIST(objection-price, objection-competitor, objection-decider, none: "none") ->
        [none] { idea-objections.facts }{ IF_AT_LEAST($objections_60d, 1, unlike-against) }
       *[other] { idea-objections.facts }{ unlike-against }
    }
    .down = { LIST(objection-price, objection-competitor, objection-decider, none: "none") ->
        [none] { idea-objections.facts }{ IF_BELOW($objections_60d, 1, unlike-for) }
       *[other] { idea-objections.facts }
    }

objection-price = { $price_objections ->
        [0] { "" }
       *[other] price or budget
    }
objection-competitor = { $competitor_objections ->
        [0] { "" }
       *[other] competition
    }
objection-decider = { $absent_decider_objections ->
        [0] { "" }
       *[other] decision-maker absent
    }

### What people say of the scores

idea-avis_humain = the team’s opinion
    .facts = { CODE($judged_priority) ->
        [elevee] priority judged high by the team
        [normale] priority judged normal by the team
        [basse] priority judged low by the team
        [inconnu] { $priorities_contested ->
            [0] no opinion of the team on the priority
           *[other] priority contested by the team
        }
       *[other] priority judged “{ LABEL($judged_priority) }” by the team
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

idea-devis = quotes
    .facts = { $quotes ->
        [0] no quote sent
        [one] quote{ quote-amount } sent{ AGO($days_since_quote, before: " ") }
       *[other] { $quotes } quotes sent{ quote-last }
    }
    .down = { $days_since_quote ->
        [inconnu] { idea-devis.facts }
       *[other] last quote sent { AGO($days_since_quote) }{ IF_BELOW($days_since_quote, 14, unlike-for) }
    }

quote-last = { AT_LEAST($last_quote_amount, 1) ->
        [yes] , the last one{ quote-amount }{ AGO($days_since_quote, before: ", ") }
       *[other] { AGO($days_since_quote, before: ", the last one ") }
    }
quote-amount = { AT_LEAST($last_quote_amount, 1) ->
        [yes] {" "}of { EURO($last_quote_amount) }
       *[other] { "" }
    }

idea-etape = sales stage
    .facts = { AT_LEAST($days_in_stage, 7) ->
        [no] moved to the { stage-of } stage { AGO($days_in_stage) }
       *[other] at the { stage-of } stage{ SINCE($days_in_stage, before: " ") }
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
        [nouveau] new contact
        [contacte] first contact
        [premier_contact] first contact
        [prospection] prospecting
        [qualifie] qualification
        [qualification] qualification
        [decouverte] discovery
        [demonstration] demo
        [proposition] proposal
        [negociation] negotiation
        [negociation_finale] final negotiation
        [gagne] signature
        [signature] signature
        [perdu] abandonment
        [inconnu] current
       *[other] “{ LABEL($stage) }”
    }

### Silence and rhythm

idea-silence = silence of the lead
    .facts = { AT_LEAST($days_since_lead_acted, 2) ->
        [yes] no sign of the lead { SINCE($days_since_lead_acted) }
        [no] last sign of the lead { AGO($days_since_lead_acted) }
       *[unknown] no sign of the lead so far
    }
    .up = { AT_LEAST($days_since_lead_acted, 14) ->
        [yes] last sign of the lead { AGO($days_since_lead_acted) }
        [no] recent activity of the lead, { AGO($days_since_lead_acted) }
       *[unknown] { idea-silence.facts }{ unlike-against }
    }
    .down = { idea-silence.facts }{ IF_BELOW($days_since_lead_acted, 2, unlike-for) }
    .absent = { AT_LEAST($evidence_days, 2) ->
        [yes] email unanswered { SINCE($evidence_days) }
        [no] email sent { AGO($evidence_days) }, unanswered
       *[unknown] last email unanswered
    }

idea-rythme = pace of activity
    .facts = { AT_LEAST($lead_acts_trend_14d, 1) ->
        [yes] activity of the lead up over 14 days
       *[no] { AT_LEAST($lead_acts_trend_14d, 0) ->
            [no] activity of the lead down over 14 days
           *[yes] { $lead_acts_7d ->
                [0] no activity of the lead in 7 days
                [one] a single action of the lead in 7 days
               *[other] { $lead_acts_7d } actions of the lead in 7 days
            }
        }
    }
    .up = { AT_LEAST($lead_acts_trend_14d, 1) ->
        [yes] { idea-rythme.facts }
       *[no] { AT_LEAST($lead_acts_7d, 2) ->
            [yes] { $lead_acts_7d } actions of the lead in 7 days
           *[no] { AT_LEAST($distinct_pages_30d, 2) ->
                [yes] { $distinct_pages_30d } different pages viewed in 30 days
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

idea-suivi_humain = follow-up by our team
    .facts = { AT_LEAST($automated_share_30d, 1) ->
        [yes] follow-up fully automated over 30 days
       *[no] { AT_LEAST($automated_share_30d, 0.5) ->
            [yes] follow-up { PERCENT($automated_share_30d) } automated over 30 days
           *[no] { $days_since_person_acted ->
                [inconnu] { $emails_sent_14d ->
                    [0] no action of our team so far
                    [one] one email sent to the lead in 14 days
                   *[other] { $emails_sent_14d } emails sent to the lead in 14 days
                }
               *[other] last action of our team { AGO($days_since_person_acted) }
            }
        }
    }
    .up = { $days_since_person_acted ->
        [inconnu] { idea-suivi_humain.facts }
       *[other] { AT_LEAST($automated_share_30d, 0.5) ->
            [yes] { idea-suivi_humain.facts }
           *[other] follow-up by our team, last action { AGO($days_since_person_acted) }
        }
    }
    .down = { AT_LEAST($automated_share_30d, 0.5) ->
        [yes] { idea-suivi_humain.facts }
       *[other] { AT_LEAST($emails_sent_14d, 3) ->
            [yes] { $emails_sent_14d } emails sent to the lead in 14 days
           *[other] { idea-suivi_humain.facts }
        }
    }

### Fit: who the lead is, never what it did

idea-profil = profile
    .bare = { LIST(profile-sector, profile-headcount, profile-region, none: "not filled in") }
    .facts = profile: { idea-profil.bare }

profile-sector = { CODE($sector) ->
        [inconnu] { "" }
       *[other] { sector-of } sector
    }
profile-headcount = { AT_LEAST($headcount, 1) ->
        [yes] { $headcount ->
            [one] 1 employee
           *[other] { $headcount } employees
        }
       *[other] { "" }
    }
profile-region = { CODE($region) ->
        [inconnu] { "" }
       *[other] { region-in }
    }

sector-of = { CODE($sector) ->
        [administration] administration
        [aeronautique] aerospace
        [agriculture] farming
        [agroalimentaire] food
        [assurance] insurance
        [automobile] automotive
        [banque] banking
        [btp] construction
        [chimie] chemical
        [commerce] trade
        [conseil] consulting
        [construction] construction
        [distribution] retail
        [education] education
        [energie] energy
        [finance] finance
        [formation] training
        [hotellerie] hotel
        [immobilier] real estate
        [industrie] manufacturing
        [informatique] IT
        [logiciel] software
        [logistique] logistics
        [luxe] luxury
        [medias] media
        [numerique] digital
        [public] public
        [restauration] catering
        [sante] health
        [services] services
        [telecoms] telecoms
        [tourisme] tourism
        [transport] transport
       *[other] “{ LABEL($sector) }”
    }

region-in = { CODE($region) ->
        [auvergne_rhone_alpes] in Auvergne-Rhône-Alpes
        [bourgogne_franche_comte] in Bourgogne-Franche-Comté
        [bretagne] in Brittany
        [centre_val_de_loire] in Centre-Val de Loire
        [corse] in Corsica
        [grand_est] in Grand Est
        [guadeloupe] in Guadeloupe
        [guyane] in French Guiana
        [hauts_de_france] in Hauts-de-France
        [ile_de_france] in Île-de-France
        [la_reunion] in Réunion
        [martinique] in Martinique
        [mayotte] in Mayotte
        [normandie] in Normandy
        [nouvelle_aquitaine] in Nouvelle-Aquitaine
        [occitanie] in Occitania
        [pays_de_la_loire] in Pays de la Loire
        [provence_alpes_cote_d_azur] in Provence-Alpes-Côte d’Azur
       *[other] region “{ LABEL($region) }”
    }

idea-origine = origin
    .bare = { CODE($lead_source) ->
        [annonce] advertisement
        [appel_entrant] inbound call
        [emailing] email campaign
        [evenement] event
        [formulaire] form on the site
        [hubspot] HubSpot
        [inconnu] not filled in
        [linkedin] LinkedIn
        [newsletter] newsletter
        [parrainage] sponsorship
        [partenaire] partner
        [prospection] prospecting
        [publicite] advertising
        [recommandation] recommendation
        [referencement] web search
        [reseaux_sociaux] social networks
        [salesforce] Salesforce
        [salon] trade show
        [site_web] website
        [webinaire] webinar
       *[other] “{ LABEL($lead_source) }”
    }
    .facts = origin: { idea-origine.bare }

idea-anciennete = age

### Next steps

step-appel = a call that gets through
step-reponse = a reply to an email
step-rendez_vous = a meeting
