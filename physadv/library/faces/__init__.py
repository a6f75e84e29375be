"""Faces in pictures: where their eyes are, how large they are, how recognisers cut them out."""
