"""WHAT THIS MACHINE GIVES: time, secrets, the signing key, files kept between jobs, the operator's config."""
