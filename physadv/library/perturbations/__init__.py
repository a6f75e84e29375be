"""Changes of whole images: how large they are, which are allowed, and what they are worth to an attacker."""
