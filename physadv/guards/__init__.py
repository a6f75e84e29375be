"""Guards: what a part of somebody else's plugin returns is checked where it enters, and named if it is wrong."""
