"""What a pod may have, which of it is reserved, and how one piece of a pod patches another."""
