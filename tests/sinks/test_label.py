"""Labels made of other people's words."""

from sinks.label import FewLabels


def test_the_first_few_are_labels_and_any_later_one_is_other():
    labels = FewLabels(most=2)
    assert [labels.of(text) for text in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]
