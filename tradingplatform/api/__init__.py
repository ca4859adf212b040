"""What every REST endpoint shares; see docs/errors.md and `ApiView` in views.py."""
