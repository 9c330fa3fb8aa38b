"""The labs, one folder each: what may be asked, what is computed, what is said and drawn of it."""
