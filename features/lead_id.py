"""Ids of leads: the one form in which they are kept, and what look-alikes share.

The form is NFC, without blanks around it and with single spaces inside. The case is
kept, as CRMs tell ids apart by it. The table of look-alikes is our own and small:
Unicode's confusables (UTS 39) also take 1 for l and 0 for O, which are ids of their
own, and change from year to year, where a skeleton is stored.
"""

import hashlib
import re
import unicodedata
from uuid import UUID

from features.errors import LeadIdError

LONGEST = 200  # characters
_MOST_READ = 10 * LONGEST  # with all that one form leaves out
DOTS = frozenset({".", ".."})  # browsers and proxies take them out of addresses
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Unicode's Default_Ignorable_Code_Point beyond those categories, and Braille's blank.
_UNSEEN_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# Pairs: what is seen, once case was folded, and the Latin letter or sign of its looks.
_PAIRS = " ".join(
    (
        "аa вb сc ԁd еe һh нh іi јj кk ӏl мm оo рp ԛq ѕs тt уy үy ѵv ԝw хx",  # Cyrillic
        "ԍg ьb з3 әə ӕæ",
        "αa βb εe ζz ηh ιi κk μm νn οo ρp τt υy χx γy ϳj",  # Greek, by its capitals
        "ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz",
        "ıi ɩi ȷj ɑa ɡg",
        "\u02d7- \u2043- \u2212- \u30fc- \u2044/ \u2215/ \u29f8/",
    )
)
_LOOKS = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
_DASH = "Pd"


def lead_id(written: str) -> str:
    """The id that somebody wrote, as it is kept.

    Raises LeadIdError: it is empty or too long, it holds a character that can't be
    seen, or it is a name that addresses can't hold.

    Examples
    --------
    >>> lead_id(" OPP/2026\u00a0 1 "), lead_id("Cafe\u0301") == "Café"
    ('OPP/2026 1', True)
    """
    if len(written) > _MOST_READ:  # accents take the square of their number to order
        raise LeadIdError("string_too_long")
    text = unicodedata.normalize("NFC", written).strip()
    if not text.isascii() or not text.isprintable():
        for character in text:
            if is_unseen(character):
                raise LeadIdError("lead_id_unseen", character=_named(character))
    name = " ".join(text.split())
    if not name:
        raise LeadIdError("string_too_short")
    if len(name) > LONGEST:
        raise LeadIdError("string_too_long")
    if name in DOTS:
        raise LeadIdError("lead_id_dots")
    return name


def is_unseen(character: str) -> bool:
    """Is it one that readers don't see: a control, a format, a filler?"""
    category = unicodedata.category(character)
    return category in _UNSEEN or bool(_UNSEEN_LETTERS.match(character))


def skeleton(kept: str) -> UUID:
    """What an id shares with those that look like it: a digest, of one length.

    Case, width, dashes, and letters of Latin, Cyrillic and Greek that look the same
    make no difference. Stores keep it: who changes what it gives adds a migration.

    Examples
    --------
    >>> skeleton("L-1") == skeleton("l\u20111") == skeleton("Ｌ－１")
    True
    >>> skeleton("В1") == skeleton("B1"), skeleton("L-1") == skeleton("L-11")
    (True, False)
    """
    return UUID(bytes=hashlib.sha256(looks(kept).encode()).digest()[:16])


def looks(kept: str) -> str:
    """What a text shares with those that look like it; see `skeleton`."""
    if kept.isascii():
        return kept.lower()
    folded = unicodedata.normalize("NFKD", kept).casefold()
    seen = unicodedata.normalize("NFKD", folded).replace("i\u0307", "i")
    alike = (
        "-" if unicodedata.category(character) == _DASH else character
        for character in seen.translate(_LOOKS)
    )
    return " ".join("".join(alike).split())


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return f"{code} {unicodedata.name(character, '')}".rstrip()
