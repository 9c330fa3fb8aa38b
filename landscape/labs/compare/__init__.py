"""What does normalization do to a network's loss landscape?"""
