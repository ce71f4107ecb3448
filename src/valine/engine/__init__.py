"""The only impure loop. See loop.py, and commander.py for what people ask."""

from valine.engine.loop import Engine

__all__ = ["Engine"]
