# What Frein says whatever the catalogue of signals. U+00A0 stands before « : »,
# « ; » and units, U+2019 is the apostrophe: the tests look. The other languages'
# files have the same messages.

### Priorities

priority-elevee = élevée
priority-normale = normale
priority-basse = basse

### What happened

move-first = Opportunité classée en priorité { $priority }
move-kept = Opportunité maintenue en priorité { $priority }
move-changed = Opportunité passée en priorité { $priority }
move-person = Opportunité en priorité { $priority } par décision d’une personne
    .short = par décision d’une personne
move-closed = { closed.name }, classée pour mémoire en priorité { $priority }

happened = { $move }, avec un score { $score ->
        [0] inférieur à 1
       *[other] de { $score }
    } sur 100 (note { $grade }).

### Why

because = { $move } car :
although = { $move }, mais { $doubts }.
without-reason = { $move }, sans raison vérifiée qui l’explique.
plain = { $move }.

heading-contrary =
    En sens contraire :
    { $reasons }
heading-for =
    Ce qui joue en sa faveur :
    { $reasons }
heading-against =
    Ce qui joue en sa défaveur :
    { $reasons }

unexplained = aucune raison vérifiée n’explique ce score
    .short = aucune raison vérifiée ne l’explique
ordinary = Ce prospect reste proche du point de départ : rien ne le distingue.
    .short = rien ne le distingue
ordinary-person = Le score, lui, reste proche du point de départ : rien ne distingue ce prospect.
placed = Ce prospect reste proche du point de départ : sa priorité tient au score seul, sans fait marquant.
    .short = score proche du point de départ, sans fait marquant

quoting = { $reason } (« { $quote } »)

# After a fact that is told under the heading opposite to its usual sense.
unlike-for = , sans jouer ici en sa faveur
unlike-against = , sans jouer ici en sa défaveur

### Doubts: `.partly` when some reasons are told beside it

doubt-aucune_raison_verifiee = { unexplained }
    .partly = les raisons vérifiées n’expliquent pas à elles seules ce score
    .short = aucune raison vérifiée, à vous de juger
doubt-signaux_contradictoires = les signaux se contredisent
    .partly = les signaux se contredisent
    .short = les signaux se contredisent, à vous de juger
doubt-ligne_atypique = peu de dossiers passés ressemblent à celui-ci
    .partly = peu de dossiers passés ressemblent à celui-ci
    .short = peu de dossiers passés y ressemblent, à vous de juger
doubt-score_hors_apprentissage = aucun dossier passé n’a reçu un tel score
    .partly = aucun dossier passé n’a reçu un tel score
    .short = score jamais vu sur un dossier passé, à vous de juger

### What is expected: one message an action that a catalogue may name, then ours

expected-appel = Appelez le prospect d’ici au { $deadline }.
expected-relance = Relancez le prospect d’ici au { $deadline }.
expected-qualification = Qualifiez le besoin du prospect d’ici au { $deadline }.
expected-arbitrage = Faites arbitrer la suite par votre responsable d’ici au { $deadline }.
expected-proposition = Convenez de la prochaine étape avec le prospect d’ici au { $deadline }.

expected-examen = Faites le point sur ce dossier d’ici au { $deadline }.
expected-veille = Aucune action urgente : faites le point sur ce dossier d’ici au { $deadline }.
expected-jugement = À vous de juger : examinez ce dossier, puis confirmez ou corrigez sa priorité d’ici au { $deadline }.

expected-step = Selon le modèle, sans garantie, { $first } porterait le score de { $score } à { $first_score } sur 100.
    .barely = Selon le modèle, sans garantie, { $first } relèverait à peine le score.
expected-steps = Selon le modèle, sans garantie, { $first } porterait le score de { $score } à { $first_score } sur 100 ; { $second }, à { $second_score }.
    .same = Selon le modèle, sans garantie, { $first } ou { $second } porterait le score de { $score } à { $first_score } sur 100.

closed = { closed.name } : aucune action n’est attendue, le score est donné pour mémoire.
    .short = { closed.name } : aucune action n’est attendue
    .name = { CODE($stage) ->
        [gagne] Affaire gagnée
        [perdu] Affaire perdue
       *[other] Affaire close
    }

### For a list or a notification

short = Priorité { $priority } – { $reasons }
    .bare = Priorité { $priority }
    .joint = {" ; "}
    .both = { $reasons } ; en sens contraire, { $contrary }

### How a reason was checked

checked-deletion = { $facts ->
        [one] sans cet élément, le score serait de { $score } sur 100
       *[other] sans ces { $facts } éléments, le score serait de { $score } sur 100
    }
checked-insertion = si l’événement attendu avait eu lieu, le score serait de { $score } sur 100

### Why it changed

change = { $way ->
        [up] Score passé de { $before } à { $after }
        [down] Score descendu de { $before } à { $after }
       *[same] Score inchangé, à { $after }
    }
    .time = { points } avec le temps qui passe
    .events = { points } avec les faits nouveaux
    .events-named = { points } avec les faits nouveaux ({ $ideas })
    .model = { points } avec le nouveau modèle
    .told = { $change } : { $parts }

### Numbers, days and lists

points = { $signed } { $count ->
        [one] point
       *[other] points
    }
euros = { $amount } €

duration-hours = { $count ->
        [0] moins d’une heure
       *[other] { $count } h
    }
duration-days = { $count ->
        [0] moins d’un jour
        [one] { $count } jour
       *[other] { $count } jours
    }
duration-months = { $count } mois
duration-years = { $count ->
        [one] { $count } an
       *[other] { $count } ans
    }

ago = il y a { $duration }
    .yesterday = hier
since = depuis { $duration }
    .yesterday = depuis hier

day = { $weekday } { $number ->
        [1] 1ᵉʳ
       *[other] { $number }
    } { $month }
    .dated = { day } { $year }

bullet = – { $item } ;
    .last = – { $item }.
