"""What rules know is kept in records: compiled rules read their fields without looking them up."""

from inspect import signature
from typing import Self

from mypy_extensions import mypyc_attr


@mypyc_attr(acyclic=True)
class Record:  # noqa: PLW1641 - as what can change, it has no hash
    """Equal to another one of its kind with equal fields. None is ever part of a cycle."""

    def fields(self) -> list[object]:
        """Its fields in the order in which they are packed, records in them as their fields: shared, not copied."""
        raise NotImplementedError

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """What its fields are called."""
        return tuple(signature(cls).parameters)

    def but(self, **other: object) -> Self:
        """The same with other contents of some fields; what else is in it is shared."""
        return type(self)(**{name: getattr(self, name) for name in self.field_names()} | other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and type(self) is type(other) and self.fields() == other.fields()

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return type(self), tuple([getattr(self, name) for name in self.field_names()])

    def __repr__(self) -> str:
        return f"{type(self).__name__}{tuple(self.fields())!r}"
