"""A refused request, with Discord's own status, code and sentence.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from typing import Any

Path = tuple[str | int, ...]
Problem = tuple[Path, str, str]


class ApiError(Exception):
    """What a request is refused with. `retry_after` in seconds, where waiting helps."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON that goes with the status."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": round(self.retry_after, 3), "global": False}
        return body

    def summary(self) -> str:
        """One line for a person: the sentence, and where in the form the problem is."""
        return self.message + (f" ({'; '.join(_leaves(self.errors))})" if self.errors else "")


def _leaves(errors: dict[str, Any], path: str = "") -> list[str]:
    found: list[str] = []
    for key, value in errors.items():
        if key == "_errors":
            found += [f"{path}: {error['message']}" for error in value]
        else:
            found += _leaves(value, f"{path}.{key}".lstrip("."))
    return found


def unauthorized() -> ApiError:
    """No token, or not the bot's."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """No such route."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """There is no such channel or thread."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    """There is no such guild, or the bot is not in it."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """There is no such member."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """There is no such message."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """There is no such account."""
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    """No such interaction token, or nobody has answered the interaction yet."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """The interaction is not there (any more)."""
    return ApiError(404, 10062, "Unknown interaction")


def already_acknowledged() -> ApiError:
    """A second first answer."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    """The bot does not see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot sees the channel but may not do this."""
    return ApiError(403, 50013, "Missing Permissions")


def invalid_webhook_token() -> ApiError:
    """The interaction's quarter of an hour is over."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def archived_thread() -> ApiError:
    """An edit inside an archived thread."""
    return ApiError(400, 50083, "Thread is archived")


def invalid_form(problems: list[Problem]) -> ApiError:
    """A body that breaks its rules: each problem at its place, nested as Discord nests them."""
    errors: dict[str, Any] = {}
    for path, code, message in problems:
        node = errors
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)


def too_long(path: Path, most: int) -> Problem:
    """A text over its limit."""
    return path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."


def bad_length(path: Path, least: int, most: int) -> Problem:
    """A text or list outside its limits."""
    return path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."


def required(path: Path) -> Problem:
    """A field that is not there."""
    return path, "BASE_TYPE_REQUIRED", "This field is required"


def bad_choice(path: Path, allowed: object) -> Problem:
    """A value that is none of the allowed."""
    return path, "BASE_TYPE_CHOICES", f"Value must be one of {allowed}."


def bad_type(path: Path, wanted: str) -> Problem:
    """A value of the wrong JSON type."""
    return path, "BASE_TYPE_BAD_TYPE", f"Value must be of type {wanted}."
