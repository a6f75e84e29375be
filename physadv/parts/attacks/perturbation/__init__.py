"""Attacks that change the images themselves, one file a paper."""
