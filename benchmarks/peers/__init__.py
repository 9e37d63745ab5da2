"""The others, each as its own users would write it: a simpler job than ours, on the same topic and broker."""
