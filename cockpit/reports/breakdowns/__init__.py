"""The report's figures by group and over time: who was quoted what, how fast it was filled, and what it earned."""
