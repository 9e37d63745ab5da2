"""The commands, one file per noun. Thin: they find the instance, ask, and print."""
