"""Policies: what decides, from the pictures of a world, what to do next."""
