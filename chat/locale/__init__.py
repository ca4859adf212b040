"""Sentences of the chat in each language, and Korean data it needs."""
