"""What the keys of a model file take: numbers, shares in per cent too, whole numbers, names; and the tables they stand in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, WrapValidator

from procure.errors import KEEP_ONE
from procure.facts.conversion import as_float, share_of_percent
from procure.languages import Said
from procure.model.faults import VALUE_IS, short, wrong


class Table(BaseModel):
    """A table of a model file: unknown keys are faults, values are frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True, use_attribute_docstrings=True
    )

    @classmethod
    def takes(cls) -> dict[str, Any]:
        """What each key takes, by its name as the file writes it."""
        return {field.alias or name: field.annotation for name, field in cls.model_fields.items()}

    @classmethod
    def below(cls, key: str) -> type[Table] | None:
        """The kind of table under a key, be it one, a list of them or one for each name; None where values stand."""
        return _table_in(cls.takes().get(key))

    @classmethod
    def keys_at(cls, place: Iterable[Any]) -> list[str]:
        """The keys of the table at a place below this one; the names and numbers of its entries lead no further."""
        here = cls
        for part in place:
            here = here.below(str(part)) or here
        return list(here.takes())


def _table_in(kind: Any) -> type[Table] | None:
    if isinstance(kind, type) and issubclass(kind, Table):
        return kind
    return next((table for part in get_args(kind) if (table := _table_in(part)) is not None), None)


def unrepeated(items: Any) -> Any:
    """The items, none of which stands there twice."""
    twice = [] if isinstance(items, str) else [item for k, item in enumerate(items) if item in items[:k]]
    if twice:
        raise wrong(
            Said("'{name}' stands there again", "'{name}' が重複している").format(name=twice[0]),
            Said("each is named once", "それぞれ一度だけ挙げる"),
            KEEP_ONE,
        )
    return items


def number_or_text(value: Any) -> Any:
    """A number, or a text (which says its unit)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        rule = Said("it is a number, or text with a unit", "数値か、単位付きの文字列")
        remedy = Said('write digits, or for example "90 t/yr"', '数字か、例えば "90 t/yr" と書く')
        raise wrong(VALUE_IS.format(value=short(value)), rule, remedy)
    return value if isinstance(value, str) else as_float(value)


# Text is no number, but for a share in per cent, and neither is true: a file that says so is mistaken about the key.
Number = Annotated[float, Strict()]
# A text is left alone: it says a unit for which the facts are asked, and is made a number then.
Amount = Annotated[
    float, Strict(), WrapValidator(lambda value, number: value if isinstance(value, str) else number(value))
]
Share = Annotated[float, Strict(), BeforeValidator(share_of_percent)]
Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]


def _text_or_texts(names: Any) -> Any:
    if isinstance(names, str):
        return names
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        rule = Said(
            "it is an element, a class, 'all', or a list of elements and classes",
            "元素、区分、'all'、または元素と区分のリスト",
        )
        remedy = Said("""write "Dy" or ["Dy", "Tb"]""", """"Dy" か ["Dy", "Tb"] と書く""")
        raise wrong(VALUE_IS.format(value=short(names)), rule, remedy)
    return unrepeated(tuple(names))


#: What of all that is bought: one name, or several.
Scope = Annotated[Any, BeforeValidator(_text_or_texts)]
Names = Annotated[tuple[str, ...], AfterValidator(unrepeated)]
