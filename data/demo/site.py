"""Visits to the site, documents and forms."""

import numpy as np

from data.demo.block import Block
from data.demo.drawing import choose
from data.demo.intent import LIFE_DAYS, STATES
from data.demo.record import (
    Channel,
    Idea,
    Occurrences,
    Part,
    Records,
    clues,
    joined,
)
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


def site(rng: np.random.Generator, block: Block, met: Occurrences) -> Part:
    """The site's part; `met` are the meetings."""
    pace = block.lead_pace * block.profiles.visits[:, None]
    returning = _after_meetings(met, pace.shape)
    return joined(
        [
            _visits(rng, block, pace * ~returning, np.ones(STATES)),
            _returns(rng, block, pace * returning),
            _pricing_visits(rng, block, pace),
            _marked(rng, block, Channel(Idea.DOCUMENTS, DOWNLOADS, pace, True)),
            _marked(rng, block, Channel(Idea.REQUESTS, SUBMISSIONS, pace, True)),
        ]
    )


def _after_meetings(met: Occurrences, shape: tuple[int, ...]) -> BoolArray:
    """(leads, LIFE_DAYS): the days that follow a meeting."""
    after = np.zeros(shape, dtype=np.bool_)
    for later in range(1, RETURN_DAYS + 1):
        inside = met.day + later < LIFE_DAYS
        after[met.lead[inside], met.day[inside] + later] = True
    return after


def _returns(rng: np.random.Generator, block: Block, scale: FloatArray) -> Part:
    """Visits after a meeting: visits as all are, and more frequent than these."""
    part = _visits(rng, block, scale, RETURN)
    more = clues(Idea.RETURN, part.clues[0], np.log(RETURN))
    unseen = Channel(Idea.RETURN, VISITS * (RETURN - 1), scale, True)
    return Part(part.records, [*part.clues, more], [*part.channels, unseen])


def _visits(
    rng: np.random.Generator, block: Block, scale: FloatArray, times: FloatArray
) -> Part:
    """Visits, `times` (states,) as frequent; a careers page tells of job seekers."""
    visits = Channel(Idea.PRODUCT, VISITS * times, scale, True).draw(rng, block)
    pages = 1 + rng.poisson(MORE_PAGES, len(visits))
    visit = np.repeat(np.arange(len(visits)), pages)
    page = choose(rng, PAGE[block.lives.states[visits.lead, visits.day][visit]])
    says = np.tile(np.log(VISITS), (len(visits), 1))
    hiring = np.zeros_like(says)
    careers = page == CAREERS
    of_pages = np.log(PAGE.T[page])
    np.add.at(hiring, visit[careers], of_pages[careers])
    np.add.at(says, visit[~careers], of_pages[~careers])
    told = [clues(Idea.PRODUCT, visits, says), clues(Idea.CAREERS, visits, hiring)]
    records = _pages(rng, block, visits, visit, page)
    return Part([records], told, [Channel(Idea.PRODUCT, VISITS, scale, True)])


def _pricing_visits(rng: np.random.Generator, block: Block, pace: FloatArray) -> Part:
    channel = Channel(Idea.PRICING, PRICING_VISITS, pace, True)
    visits = channel.draw(rng, block)
    again = rng.poisson(PRICING_AGAIN[block.lives.states[visits.lead, visits.day]])
    others = rng.integers(0, 3, len(visits))
    pages = 1 + again + others
    visit = np.repeat(np.arange(len(visits)), pages)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(pages) - pages, pages)
    other = rng.integers(0, 4, len(visit))
    page = np.where(place < others[visit], other, PRICING)
    says = np.log(channel.rates) - PRICING_AGAIN
    says = says + again[:, None] * np.log(PRICING_AGAIN)
    records = _pages(rng, block, visits, visit, page)
    return Part([records], [clues(Idea.PRICING, visits, says)], [channel])


def _pages(
    rng: np.random.Generator,
    block: Block,
    visits: Occurrences,
    visit: IntArray,
    page: IntArray,
) -> Records:
    """The pages of visits; `visit` is (pages,): the position of each one's visit."""
    waited = np.cumsum(rng.uniform(*BETWEEN_PAGES, len(visit))) / DAY_SECONDS
    opened = np.concatenate([[True], visit[1:] != visit[:-1]])[: len(visit)]
    since = waited - np.maximum.accumulate(np.where(opened, waited, 0.0))
    codes = rng.integers(0, 16**8, len(visits)).tolist()
    session = np.array([f"s{code:08x}" for code in codes])[visit]
    moment = block.moments(rng, visits.lead, visits.day)[visit] + since
    fields = {"page": np.array(PAGES)[page], "session": session}
    return Records("site", "page_viewed", "lead", visits[visit], moment, fields)


def _marked(rng: np.random.Generator, block: Block, channel: Channel) -> Part:
    """Downloads of documents, or forms submitted."""
    field, kind, options, shares = (
        ("document", "document_downloaded", DOCUMENTS, DOCUMENT)
        if channel.idea is Idea.DOCUMENTS
        else ("form", "form_submitted", FORMS, FORM)
    )
    at = channel.draw(rng, block)
    mark = choose(rng, shares[block.lives.states[at.lead, at.day]])
    says = np.log(channel.rates) + np.log(shares.T[mark])
    moment = block.moments(rng, at.lead, at.day)
    fields = {field: np.array(options)[mark]}
    records = Records("site", kind, "lead", at, moment, fields)
    return Part([records], [clues(channel.idea, at, says)], [channel])
