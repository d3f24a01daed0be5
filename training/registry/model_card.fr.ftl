# The model card, as Markdown. U+00A0 stands before « : », « ; » and units, U+2019 is
# the apostrophe.

card =
    # Fiche du modèle `{ $model }` entraîné sur `{ $log }`

    ## À quoi il sert

    Le modèle estime la probabilité qu’un prospect encore ouvert soit gagné dans les { $horizon } jours. Il aide une équipe commerciale à choisir qui rappeler. Il propose ; une personne décide. Il ne sert ni à abandonner une affaire, ni à accorder une remise, ni à évaluer un vendeur.

    ## Données

    Journal `{ $log }` : { $events } événements de { $leads } prospects, du { $from } au { $until }. Le modèle a appris de { $trained } moments connus le { $cut }, dont { $won } % suivis d’une vente. Ont été laissés de côté { $censored } moments, car leur horizon n’était pas terminé. Catalogue `{ $catalogue }` : { $signals } signaux. Empreinte du journal : `{ $digest }`.

    ## Mesures

    Sur { $tested } moments de prospects arrivés à partir du { $cut }, que l’entraînement n’a pas vus. L’intervalle à 95 % tient compte du hasard des prospects, non de celui de l’entraînement.

    | mesure | valeur | intervalle à 95 % |
    |---|---|---|
    { $metrics }

    ## Par segment

    { $segments }

    ## Ce qui pèse le plus

    { $ideas }

    ## Limites

    - Un score décrit ce qui est arrivé à des prospects semblables ; il ne dit pas ce qu’une action changera.
    - Il vaut pour des prospects comme ceux du journal. Un marché, une offre ou une équipe qui change demande une nouvelle mesure, puis un nouvel entraînement.
    - Un segment de peu de prospects a un intervalle large : un écart à l’intérieur de cet intervalle n’est que du bruit.
    - Ce que les outils n’enregistrent pas est inconnu du modèle.

    ## Mise en service

    Chaque mise en service est inscrite ci-dessous ; sans inscription, le modèle n’a jamais servi.

segments-table =
    | segment | valeur | prospects | gagnés | AUC | intervalle à 95 % |
    |---|---|---|---|---|---|
    { $rows }
segments-none = Aucun segment ne compte assez de prospects pour une mesure.

metric-auc = AUC (ordre des prospects ; 0,5 : au hasard)
metric-average_precision = précision moyenne
metric-log_loss = perte logarithmique (plus bas, mieux)
metric-ece = erreur de calibration (plus bas, mieux)
metric-lift_at_10 = gain parmi les 10 % les mieux notés (1 : au hasard)

band = de { $low } à { $high }
    .first = jusqu’à { $high }
    .last = plus de { $low }

interval = de { $low } à { $high }

service-first = Le { $day } : premier modèle en service ({ $reason }).
service-promoted = Le { $day } : mis en service par { $by } ; motif : « { $reason } ».
service-against_the_gate = Le { $day } : mis en service par { $by } malgré les mesures ; motif : « { $reason } ».
service-rolled_back = Le { $day } : remis en service par { $by } ; motif : « { $reason } ».
