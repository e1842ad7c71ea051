"""A whole venue in virtual time, without sockets: a seed gives the same bytes each time, minutes take seconds."""
