"""Every route, socket, frame, stream and tool, asked as every kind of caller."""
