"""Closed loops: policies drive in worlds while somebody gets between them, and what comes of it is measured."""
