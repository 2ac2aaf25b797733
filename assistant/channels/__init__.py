"""Doors for people and programs: a payload becomes a question, an answer becomes a payload."""
