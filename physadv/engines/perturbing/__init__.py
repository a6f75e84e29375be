"""Judges attacks on images: who is fooled by how little, beside noise of the same size."""
