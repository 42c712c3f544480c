"""The web pages: what a person sees of a repository and of a pull's conversation, and what they can do there."""
