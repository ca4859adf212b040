"""Korea Investment & Securities: keys, tokens, REST and WebSocket."""
