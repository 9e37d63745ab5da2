"""A date and time as a file writes it -> an instant in UTC. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.importing.mapping import EPOCHS, Moment


class UnreadableError(ValueError):
    """A text that is no time in the expected form; the message says what was expected."""


def instant(moment: Moment, text: str) -> datetime:
    """The instant that `text` means, in UTC. Raises UnreadableError."""
    try:
        written = _parse(moment, text)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"not a time of the form {moment.format}") from error
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    if moment.zone is None:
        raise UnreadableError("a time without a zone; add zone to the mapping's occurred_at")
    return _localised(moment, written, ZoneInfo(moment.zone))


def _parse(moment: Moment, text: str) -> datetime:
    if moment.format in EPOCHS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text) / EPOCHS[moment.format])
    if moment.format == "iso":
        return datetime.fromisoformat(text)
    return datetime.strptime(text, moment.format)


def _localised(moment: Moment, written: datetime, zone: ZoneInfo) -> datetime:
    # In a gap fold=0 reads the time with the offset before it: the clock is moved forward by the skip.
    earlier = written.replace(tzinfo=zone, fold=0)
    later = written.replace(tzinfo=zone, fold=1)
    occurs_twice = earlier.utcoffset() != later.utcoffset() and earlier.astimezone(UTC) < later.astimezone(UTC)
    if occurs_twice and moment.ambiguous == "reject":
        raise UnreadableError(f"this local time occurs twice in {zone.key}; say `ambiguous: earlier` or `later`")
    chosen = later if occurs_twice and moment.ambiguous == "later" else earlier
    return chosen.astimezone(UTC)
