"""Alert channels: how an alert reaches a receiver, is tried again, and is remembered as delivered."""
