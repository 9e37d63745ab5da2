"""What holds a raw record back while another partition is behind (`streams.alignment`)."""


class Gate:
    """Other partitions as (emitted, occurred), epoch ms: what is later than one of them in both has to wait."""

    def __init__(self, others: list[tuple[int, int]]) -> None:
        self._others = others

    def __call__(self, emitted: int, occurred: int) -> bool:
        """Whether a record may pass now."""
        for first, newest in self._others:  # noqa: SIM110 - a generator costs more than the comparisons
            if emitted > first and occurred > newest:
                return False
        return True
