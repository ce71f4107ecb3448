"""The entry points on AWS Lambda: they translate events, and keep between invocations what a process can keep."""
