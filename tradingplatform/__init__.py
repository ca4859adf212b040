"""The project package: settings, kernel and composition root."""
