"""What the core knows: the run and its tasks, plan, policy, events, effects, decisions, observations."""
