"""Evaluation suites: questions with gold anchored in the documents, pure scorers, statistics, gate and report."""
