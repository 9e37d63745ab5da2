"""The others, each as its own users would write it: a simpler job than ours, on the same topic and broker.

How many touchpoints each customer has, the last one of each team, and the last subject, kept in a store with a
changelog; one process, one thread, and every setting as it comes, but for those that a peer's file names.
"""
