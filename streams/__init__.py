"""Faust: bytes in, effects out, one Kafka transaction per chunk and partition. No rule lives here."""

from journey.compiled import path

__path__[:0] = path("streams")
