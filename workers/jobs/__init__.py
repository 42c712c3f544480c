"""What happens, one recipe for each message that a worker can get."""
