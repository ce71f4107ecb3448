"""Stories that anybody can write down: who does what, and what must then be so, played on the twins.

`parse` turns text into steps and knows nothing of worlds; `player` plays steps in a world and prints nothing;
`transcript` tells what happened. What can be written is one table of phrases, from which docs/scenarios.md is made.
"""
