"""How records look as GitHub's JSON, for answers and for webhook payloads alike."""
