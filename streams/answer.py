"""What a request for a rebuild is answered with: the journey folded anew, packed, and the facts that it says."""

from collections.abc import Iterable

from journey.rebuild import fold_history
from journey.rules import Rules
from journey.touch import Touch
from streams.control import RebuildRequest, Rebuilt
from streams.stored import pack


def answer(request: RebuildRequest, touches: Iterable[Touch], upto: int, rules: Rules) -> Rebuilt:
    """Fold a history (as `journey.rebuild.fold_history` takes it) that reaches to the input offset `upto`.

    `rules` are those of accounts where the request is of one.
    """
    journey, facts = fold_history(touches, request.customer_id, rules)
    return Rebuilt(
        customer_id=request.customer_id,
        upto=upto,
        members=request.members,
        reason=request.reason,
        rules=rules.digest,
        touchpoints=journey.head.seen,
        journey=pack(journey),
        facts=facts,  # type: ignore[arg-type]
    )
