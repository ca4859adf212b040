"""The words the local analyst understands and the sentences it writes, by language."""
