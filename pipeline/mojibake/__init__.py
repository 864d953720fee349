"""What wrong readings do to text, and the way back: truth -> bytes -> a wrong reading -> what we hold."""
