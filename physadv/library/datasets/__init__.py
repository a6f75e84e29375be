"""Small sets of labelled pictures that need no download: one in the package, the others in packages of others."""
