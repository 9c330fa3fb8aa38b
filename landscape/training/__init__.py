"""From an experiment to a run: what happens step by step."""
