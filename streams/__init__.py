"""Faust: bytes in, effects out, one Kafka transaction per chunk and partition. No rule lives here."""

from schemas.compiled import path

__path__[:0] = path("streams")
