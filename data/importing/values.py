"""Values of fields: numbers as people write them, truth values, texts."""

import re

import polars as pl

from data.importing.mapping import FieldColumn

_TRUE = ("true", "yes", "oui", "vrai", "1")
_FALSE = ("false", "no", "non", "faux", "0")
_NOT_READ = "?"
_SPACE = r"\s"  # U+00A0 and U+202F too


def is_numeric(field: FieldColumn) -> bool:
    return field.type in ("number", "integer")


def values_of(written: pl.Series, field: FieldColumn, decimal: str) -> pl.Series:
    """The values that texts hold; null where they hold none of the field's type."""
    match field.type:
        case "text":
            return written
        case "number":
            return _numbers(_plain(written, field, decimal))
        case "integer":
            return _integers(_plain(written, field, decimal))
        case "boolean":
            return _booleans(written)


def _numbers(plain: pl.Series) -> pl.Series:
    is_number = plain.str.contains(
        r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
    )
    numbers = plain.set(~is_number, None).cast(pl.Float64)
    return numbers.set(numbers.is_infinite(), None)


def _integers(plain: pl.Series) -> pl.Series:
    # "12.0" is how pandas exports a column with gaps
    digits = plain.set(~plain.str.contains(r"^[+-]?[0-9]+(\.0*)?$"), None)
    return digits.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)


def _plain(written: pl.Series, field: FieldColumn, decimal: str) -> pl.Series:
    """Digits, a point before the decimals, and a minus; what is no number stays so."""
    odd = written.is_not_null() & ~written.str.contains(r"^[+-]?[0-9]+$")
    if not odd.any():
        return written
    if field.thousands or field.currency:
        return written.zip_with(~odd, _amounts(written.set(~odd, None), field, decimal))
    closed = written.str.replace_all(r"\s([0-9]{3})\b", "$1")
    if decimal == ".":
        return closed
    # a point is no thousands separator here: 20000.0 must not become 200000
    pointed = closed.str.contains(".", literal=True)
    return closed.set(pointed, _NOT_READ).str.replace(",", ".", literal=True)


def _amounts(written: pl.Series, field: FieldColumn, decimal: str) -> pl.Series:
    """Amounts as people write them: `1 234,56 €`, `$40,000`, `(1 200,00)`, `75-`.

    Thousands are parted by one sign throughout, and stand by three digits: nothing is
    read a hundred times too large. Three digits after the decimal sign are no cents:
    with a currency, such an amount is not read.
    """
    signs = "|".join(re.escape(sign) for sign in field.currency) or r"\b\B"
    bare = (
        written.str.replace_all("\u2212", "-", literal=True)
        .str.replace(rf"^([+(-]?)\s*(?:{signs})\s*", "$1")
        .str.replace(rf"\s*(?:{signs})\s*([)-]?)$", "$1")
        .str.replace(r"^\((.*)\)$|^([^-]*)-$", "-$1$2")
        .str.replace(r"^([+-])\s+", "$1")
    )
    parted = "|".join(
        f"[0-9]{{1,3}}(?:{sign}[0-9]{{3}})+"
        for sign in (_SPACE, *map(re.escape, field.thousands))
    )
    decimals = r"[0-9]+" if not field.currency else r"(?:[0-9]{1,2}|[0-9]{4,})"
    point = re.escape(decimal)
    whole = rf"(?:{parted}|[0-9]+)(?:{point}{decimals})?|{point}{decimals}"
    is_amount = bare.str.contains(rf"^[+-]?(?:{whole})$")
    thousands = "|".join((_SPACE, *map(re.escape, field.thousands)))
    digits = bare.str.replace_all(thousands, "")
    return digits.str.replace(decimal, ".", literal=True).set(~is_amount, _NOT_READ)


def _booleans(written: pl.Series) -> pl.Series:
    words = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return written.str.to_lowercase().replace_strict(
        words, default=None, return_dtype=pl.Boolean
    )
