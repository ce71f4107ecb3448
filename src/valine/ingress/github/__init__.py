"""GitHub's webhooks: parsed into hints and commands."""
