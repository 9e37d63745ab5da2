"""A seeded simulator of both teams' touchpoints: pure, in arrival order, with what goes wrong in the field."""

from gateway.simulation.engine import Record, Simulation

__all__ = ["Record", "Simulation"]
