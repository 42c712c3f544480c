"""What can happen on this GitHub: each action changes the state and git, and sends the events that follow."""
