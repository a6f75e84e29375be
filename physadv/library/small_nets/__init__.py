"""Networks so small that they are trained in seconds: victims for lessons and for quick tests."""
