"""The REST endpoints under /api/v3, grouped as GitHub's documentation groups them."""
