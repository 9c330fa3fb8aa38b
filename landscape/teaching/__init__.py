"""What stands above the labs: lists over their questions, as lessons, by theme, and as results of papers. It draws nothing."""
