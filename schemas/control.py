"""The header that marks a control record among the touchpoints of `journey.touchpoints`; its value is the kind."""

HEADER = "throughline-control"
