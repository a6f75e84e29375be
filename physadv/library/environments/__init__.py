"""Our worlds as environments of Gymnasium, for whatever trains or plays there. Needs the extra ``gym``."""
