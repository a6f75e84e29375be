"""Claims of a lecture on adversarial examples, each as an experiment: a file a claim, and a row in ``table``."""
