"""Faust: bytes in, effects out, one Kafka transaction per chunk and partition. No rule lives here."""
