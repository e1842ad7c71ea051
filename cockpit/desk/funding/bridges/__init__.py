"""What each bridge asks for a withdrawal before it is signed, and what it tells of one that left."""
