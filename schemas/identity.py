"""What travels about identifiers: links that touchpoints make, and whom an identifier belongs to. Knows no rule."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

IdentifierKind = Literal["customer_id", "crm_id", "email", "phone", "anonymous_id"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamedIdentifier(_Frozen):
    """One identifier of a customer."""

    kind: IdentifierKind
    value: str = Field(description="Normalised")
    derived_id: str = Field(description="UUID that it stands for: no merge changes it")


class IdentityLink(_Frozen):
    """On `identity.links`, keyed by the derived id of the first: identifiers that one touchpoint names together.

    A link that was told lately, with the same or an earlier time, is not told again.
    """

    schema_version: Literal[1] = 1
    identifiers: list[NamedIdentifier] = Field(min_length=2, description="The strongest first")
    statement: Literal["seen", "linked", "unlinked"] = Field(
        description="`linked` and `unlinked` are a person's word, by identity.linked and identity.unlinked"
    )
    occurred_at: AwareDatetime
    source: str = Field(description="With `id`: the touchpoint")
    id: str


class IdentityRedirect(_Frozen):
    """On `identity.redirects`, keyed by `derived_id`: whom an identifier belongs to now. The newest one counts."""

    schema_version: Literal[1] = 1
    derived_id: str = Field(description="UUID that the identifier stands for: no merge changes it")
    customer_id: str = Field(description="UUID of whom it belongs to now; the derived id, where it is nobody else's")
    number: int = Field(description="The decision; later ones have higher numbers")
    kind: IdentifierKind
    value: str = Field(description="Normalised")


IDENTITIES: tuple[type[BaseModel], ...] = (IdentityLink, IdentityRedirect)
