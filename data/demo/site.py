"""Visits to the site, documents and forms."""

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.drawing import choose
from data.demo.idea import Idea
from data.demo.intent import LIFE_DAYS, STATES
from data.demo.record import Channel, Part, Records, clues, known
from features.arrays import BoolArray, FloatArray, IntArray

PAGES = (
    "accueil",
    "produit",
    "cas_clients",
    "documentation",
    "contact",
    "recrutement",
    "tarifs",
)
PRICING = PAGES.index("tarifs")
CAREERS = PAGES.index("recrutement")
DOCUMENTS = ("livre_blanc", "brochure", "etude_de_cas")
FORMS = ("demo", "contact", "newsletter")

# Rates a working day, by state of intent.
VISITS = np.array([0.14, 0.27, 0.31, 0.08, 0.28])
PRICING_VISITS = np.array([0.004, 0.02, 0.1, 0.015, 0.17])
DOWNLOADS = np.array([0.003, 0.022, 0.055, 0.004, 0.025])
SUBMISSIONS = np.array([0.001, 0.006, 0.01, 0.001, 0.016])

# After a meeting, leads who mean it come back to the site.
RETURN_DAYS = 5
RETURN = np.array([0.7, 1.0, 2.5, 1.2, 3.0])

# Which pages, documents and forms, by state; a pricing visit is apart.
PAGE = np.array(
    [
        [0.36, 0.24, 0.08, 0.08, 0.07, 0.17],
        [0.3, 0.32, 0.14, 0.12, 0.07, 0.05],
        [0.2, 0.33, 0.21, 0.18, 0.07, 0.01],
        [0.24, 0.25, 0.2, 0.21, 0.07, 0.03],
        [0.18, 0.28, 0.2, 0.21, 0.12, 0.01],
    ]
)
DOCUMENT = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.55, 0.27, 0.18],
        [0.25, 0.35, 0.4],
        [0.2, 0.35, 0.45],
        [0.12, 0.38, 0.5],
    ]
)
FORM = np.array(
    [
        [0.1, 0.2, 0.7],
        [0.25, 0.25, 0.5],
        [0.55, 0.33, 0.12],
        [0.4, 0.5, 0.1],
        [0.5, 0.45, 0.05],
    ]
)
MORE_PAGES = 2.6  # mean number of pages of a visit, after the first one
PRICING_AGAIN = np.array([0.2, 0.3, 0.7, 0.4, 0.9])  # mean, after the first
BETWEEN_PAGES = (20, 240)  # seconds
DAY_SECONDS = 13 * 3600  # a day's hours, see `frame.py`


def site(
    rng: np.random.Generator, block: Block, met: IntArray, met_day: IntArray
) -> Part:
    """The site's part; `met` and `met_day` are lead and day of each meeting."""
    pace = block.lead_pace * block.profiles.visits[:, None]
    returning = _after_meetings(met, met_day, pace.shape)
    parts = [
        _visits(rng, block, pace * ~returning, np.ones(STATES)),
        _returns(rng, block, pace * returning),
        _pricing_visits(rng, block, Channel(Idea.PRICING, PRICING_VISITS, pace, True)),
        _marked(rng, block, Channel(Idea.DOCUMENTS, DOWNLOADS, pace, True)),
        _marked(rng, block, Channel(Idea.REQUESTS, SUBMISSIONS, pace, True)),
    ]
    return Part(
        [records for part in parts for records in part.records],
        [told for part in parts for told in part.clues],
        [channel for part in parts for channel in part.channels],
    )


def _after_meetings(
    met: IntArray, met_day: IntArray, shape: tuple[int, ...]
) -> BoolArray:
    """(leads, LIFE_DAYS): the days that follow a meeting."""
    after = np.zeros(shape, dtype=np.bool_)
    for later in range(1, RETURN_DAYS + 1):
        inside = met_day + later < LIFE_DAYS
        after[met[inside], met_day[inside] + later] = True
    return after


def _returns(rng: np.random.Generator, block: Block, scale: FloatArray) -> Part:
    """Visits after a meeting: visits as all are, and more frequent than these."""
    part = _visits(rng, block, scale, RETURN)
    visits = part.clues[0]
    more = clues(Idea.RETURN, visits.lead, visits.day, visits.known_day, np.log(RETURN))
    unseen = Channel(Idea.RETURN, VISITS * (RETURN - 1), scale, True)
    return Part(part.records, [*part.clues, more], [*part.channels, unseen])


def _visits(
    rng: np.random.Generator,
    block: Block,
    scale: FloatArray,
    times: FloatArray,
) -> Part:
    """Visits, `times` (states,) as frequent; a careers page tells of job seekers."""
    lead, day = Channel(Idea.PRODUCT, VISITS * times, scale, True).draw(rng, block)
    known_day = known(rng, day)
    pages = 1 + rng.poisson(MORE_PAGES, len(lead))
    visit = np.repeat(np.arange(len(lead)), pages)
    page = choose(rng, PAGE[block.lives.states[lead, day][visit]])
    says = np.tile(np.log(VISITS), (len(lead), 1))
    hiring = np.zeros_like(says)
    careers = page == CAREERS
    of_pages = np.log(PAGE.T[page])
    np.add.at(hiring, visit[careers], of_pages[careers])
    np.add.at(says, visit[~careers], of_pages[~careers])
    told = [
        clues(Idea.PRODUCT, lead, day, known_day, says),
        clues(Idea.CAREERS, lead, day, known_day, hiring),
    ]
    records = _pages(rng, block, (lead, day, known_day), visit, page)
    return Part([records], told, [Channel(Idea.PRODUCT, VISITS, scale, True)])


def _pricing_visits(rng: np.random.Generator, block: Block, channel: Channel) -> Part:
    lead, day = channel.draw(rng, block)
    known_day = known(rng, day)
    again = rng.poisson(PRICING_AGAIN[block.lives.states[lead, day]])
    others = rng.integers(0, 3, len(lead))
    visit = np.repeat(np.arange(len(lead)), 1 + again + others)
    first = np.repeat(
        np.cumsum(1 + again + others) - 1 - again - others, 1 + again + others
    )
    page = np.where(
        np.arange(len(visit)) - first < others[visit],
        rng.integers(0, 4, len(visit)),
        PRICING,
    )
    says = np.log(channel.rates) - PRICING_AGAIN
    says = says + again[:, None] * np.log(PRICING_AGAIN)
    told = clues(Idea.PRICING, lead, day, known_day, says)
    records = _pages(rng, block, (lead, day, known_day), visit, page)
    return Part([records], [told], [channel])


def _pages(
    rng: np.random.Generator,
    block: Block,
    visits: tuple[IntArray, IntArray, IntArray],
    visit: IntArray,
    page: IntArray,
) -> Records:
    """The pages of visits (lead, day, day of reception); `visit` is (pages,)."""
    lead, day, known_day = visits
    waited = np.cumsum(rng.uniform(*BETWEEN_PAGES, len(visit))) / DAY_SECONDS
    opened = np.concatenate([[True], visit[1:] != visit[:-1]])[: len(visit)]
    since = waited - np.maximum.accumulate(np.where(opened, waited, 0.0))
    session = rng.integers(0, 16**8, len(lead))
    return Records(
        kind="page_viewed",
        source="site",
        actor="lead",
        lead=lead[visit],
        day=day[visit],
        moment=block.moments(rng, lead, day)[visit] + since,
        known_day=known_day[visit],
        fields=pl.DataFrame(
            {
                "page": np.array(PAGES)[page],
                "session": np.array([f"s{code:08x}" for code in session.tolist()])[
                    visit
                ],
            }
        ),
    )


def _marked(rng: np.random.Generator, block: Block, channel: Channel) -> Part:
    """Downloads of documents, or forms submitted."""
    field, kind, options, shares = (
        ("document", "document_downloaded", DOCUMENTS, DOCUMENT)
        if channel.idea is Idea.DOCUMENTS
        else ("form", "form_submitted", FORMS, FORM)
    )
    lead, day = channel.draw(rng, block)
    known_day = known(rng, day)
    mark = choose(rng, shares[block.lives.states[lead, day]])
    says = np.log(channel.rates) + np.log(shares.T[mark])
    records = Records(
        kind=kind,
        source="site",
        actor="lead",
        lead=lead,
        day=day,
        moment=block.moments(rng, lead, day),
        known_day=known_day,
        fields=pl.DataFrame({field: np.array(options)[mark]}),
    )
    return Part([records], [clues(channel.idea, lead, day, known_day, says)], [channel])
