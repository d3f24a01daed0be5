# What Frein says whatever the catalogue of signals. The other languages' files have
# the same messages.

### Priorities

priority-elevee = high
priority-normale = normal
priority-basse = low

### What happened

move-first = Opportunity set to { $priority } priority
move-kept = Opportunity kept at { $priority } priority
move-changed = Opportunity moved to { $priority } priority
move-person = Opportunity at { $priority } priority by a person’s decision
    .short = by a person’s decision
move-closed = { closed.name }, kept on record at { $priority } priority

happened = { $move }, with a score { $score ->
        [0] below 1
       *[other] of { $score }
    } out of 100 (grade { $grade }).

### Why

because = { $move } because of:
although = { $move }, but { $doubts }.
without-reason = { $move }; no verified reason explains it.
plain = { $move }.

heading-contrary =
    On the other hand:
    { $reasons }
heading-for =
    In its favour:
    { $reasons }
heading-against =
    Against it:
    { $reasons }

unexplained = no verified reason explains this score
    .short = no verified reason explains it
ordinary = This lead stays close to the starting point: nothing sets it apart.
    .short = nothing sets it apart
ordinary-person = The score itself stays close to the starting point: nothing sets this lead apart.
placed = This lead stays close to the starting point: its priority rests on the score alone, on no fact that stands out.
    .short = close to the starting point, no fact stands out

quoting = { $reason } (“{ $quote }”)

# After a fact that is told under the heading opposite to its usual sense.
unlike-for = , though not in its favour here
unlike-against = , though not against it here

### Doubts: `.partly` when some reasons are told beside it

doubt-aucune_raison_verifiee = { unexplained }
    .partly = the verified reasons alone do not explain this score
    .short = no verified reason, for you to judge
doubt-signaux_contradictoires = the signs contradict each other
    .partly = the signs contradict each other
    .short = the signs contradict each other, for you to judge
doubt-ligne_atypique = few past deals look like this one
    .partly = few past deals look like this one
    .short = few past deals look like it, for you to judge
doubt-score_hors_apprentissage = no past deal ever got such a score
    .partly = no past deal ever got such a score
    .short = a score never seen on a past deal, for you to judge

### What is expected: one message an action that a catalogue may name, then ours

expected-appel = Call the lead by { $deadline }.
expected-relance = Follow up with the lead by { $deadline }.
expected-qualification = Qualify what the lead needs by { $deadline }.
expected-arbitrage = Have your manager decide what comes next by { $deadline }.
expected-proposition = Agree on the next step with the lead by { $deadline }.

expected-examen = Review this deal by { $deadline }.
expected-veille = Nothing urgent: review this deal by { $deadline }.
expected-jugement = For you to judge: look into this deal, then confirm or correct its priority by { $deadline }.

expected-step = In the model’s view, with no guarantee, { $first } would take the score from { $score } to { $first_score } out of 100.
    .barely = In the model’s view, with no guarantee, { $first } would barely raise the score.
expected-steps = In the model’s view, with no guarantee, { $first } would take the score from { $score } to { $first_score } out of 100, and { $second } to { $second_score }.
    .same = In the model’s view, with no guarantee, { $first } or { $second } would take the score from { $score } to { $first_score } out of 100.

closed = { closed.name }: nothing is expected of you, the score is kept for the record.
    .short = { closed.name }: nothing is expected of you
    .name = { CODE($stage) ->
        [gagne] Deal won
        [perdu] Deal lost
       *[other] Deal closed
    }

### For a list or a notification

short = Priority { $priority } – { $reasons }
    .bare = Priority { $priority }
    .joint = {"; "}
    .both = { $reasons }; on the other hand: { $contrary }

### How a reason was checked

checked-deletion = { $facts ->
        [one] without this fact, the score would be { $score } out of 100
       *[other] without these { $facts } facts, the score would be { $score } out of 100
    }
checked-insertion = had the awaited event happened, the score would be { $score } out of 100

### Why it changed

change = { $way ->
        [up] Score up from { $before } to { $after }
        [down] Score down from { $before } to { $after }
       *[same] Score unchanged, at { $after }
    }
    .time = { points } as time went by
    .events = { points } from new facts
    .events-named = { points } from new facts ({ $ideas })
    .model = { points } from the new model
    .told = { $change }: { $parts }

### Numbers, days and lists

points = { $signed } { $count ->
        [one] point
       *[other] points
    }
euros = €{ $amount }

duration-hours = { $count ->
        [0] less than an hour
        [one] { $count } hour
       *[other] { $count } hours
    }
duration-days = { $count ->
        [0] less than a day
        [one] { $count } day
       *[other] { $count } days
    }
duration-months = { $count ->
        [one] { $count } month
       *[other] { $count } months
    }
duration-years = { $count ->
        [one] { $count } year
       *[other] { $count } years
    }

ago = { $duration } ago
    .yesterday = yesterday
since = for { $duration }
    .yesterday = since yesterday

day = { $weekday } { $number } { $month }
    .dated = { day } { $year }

bullet = – { $item };
    .last = – { $item }.
