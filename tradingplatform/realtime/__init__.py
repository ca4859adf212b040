"""Sockets: one hub per process, streams with epoch and seq, and a consumer that apps plug into."""
