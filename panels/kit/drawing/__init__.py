"""What is drawn in a terminal: a canvas of braille dots, axes with round values, and the edges of a frame."""
