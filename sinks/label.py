"""Labels of metrics whose values are other people's words."""


class FewLabels:
    """A tool's free text as a label: the first `most` different ones as they are, any later one as `other`."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, text: str) -> str:
        """The label for this text; the same text has the same one for ever."""
        if len(self._known) < self._most:
            self._known.add(text)
        return text if text in self._known else "other"
