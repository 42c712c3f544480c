"""How the service is set up: tools that fetch what it needs, and the demo."""
