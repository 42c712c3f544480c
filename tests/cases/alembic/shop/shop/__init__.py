"""The sample shop: what its revisions and its models agree on."""
