"""Why do unlike scales make training hard?"""
