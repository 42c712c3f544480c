"""Faults armed from outside, for a stand-in that runs in a process of its own."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from deploy.demo.github.errors import ApiError
from deploy.demo.github.rest import call

control = Blueprint("control", __name__, url_prefix="/_control")


@control.get("/faults")
def show() -> Response:
    return jsonify(call.hub().state.faults.settings())


@control.post("/faults")
def arm() -> Response:
    """Sets the faults named in the JSON body; an empty object clears them all."""
    faults, wanted = call.hub().state.faults, call.body()
    try:
        faults.arm(**wanted) if wanted else faults.clear()
    except (TypeError, ValueError) as problem:
        raise ApiError(422, str(problem)) from None
    return jsonify(faults.settings())
