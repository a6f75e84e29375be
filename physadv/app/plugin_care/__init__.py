"""Care for plugins: a new one is written, an installed one is described, checked and, if it does harm, found."""
