"""What is made beside the tables of a history: views, comments and checks, from one description for both engines."""
