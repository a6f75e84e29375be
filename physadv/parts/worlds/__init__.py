"""Worlds in which a policy acts and a print can hang."""
