"""Where the code lives: GitHub's API and git."""
