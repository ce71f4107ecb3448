"""A run as people see it, and every sentence they read: pure functions of facts. Nothing here is ever decided on."""
