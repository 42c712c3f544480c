"""A GitHub of our own on loopback: REST, webhooks, git over HTTP and pages, as strict as the real one where a bot could go wrong."""

from deploy.demo.github.standin import StandIn

__all__ = ["StandIn"]
