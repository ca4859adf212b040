"""Sources, fetching and indexing of documents; empty until its own issue."""
