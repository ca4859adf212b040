"""Lessons, steps and progress; empty until its own issue."""
