"""The web pages: what a person sees of a repository and of a pull's conversation."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/_static")
