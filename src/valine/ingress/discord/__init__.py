"""Discord's interactions: parsed, answered, suggested for."""
