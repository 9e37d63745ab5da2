"""The verbs of `throughline policy`, each in a file of its own."""
