"""The refusals of the API, in GitHub's words: a status, a message, where to read on, and which field was wrong."""

from __future__ import annotations

from deploy.demo.github.records import Json

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """Ends a request with a status and a body of `message` and `documentation_url`."""

    def __init__(self, status: int, message: str, *, errors: list[Json] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        body: Json = {"message": self.message, "documentation_url": DOCS, "status": str(self.status)}
        return body | {"errors": self.errors} if self.errors is not None else body


def not_found() -> ApiError:
    """What is absent and what the token may not see look the same on purpose."""
    return ApiError(404, "Not Found")


def forbidden(message: str = "Resource not accessible by integration") -> ApiError:
    return ApiError(403, message)


def unauthorized(message: str = "Bad credentials") -> ApiError:
    return ApiError(401, message)


def conflict(message: str) -> ApiError:
    return ApiError(409, message)


def invalid(resource: str, field: str, message: str, code: str = "custom") -> ApiError:
    """A 422 with the one field that was wrong."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    return ApiError(422, "Validation Failed", errors=[error])


def unprocessable(message: str) -> ApiError:
    """A 422 that concerns no single field, such as a push that is not a fast-forward."""
    return ApiError(422, message, errors=[])
