"""A maker's profit in virtual time: the desk's own decisions and other makers, each meeting the same market in turn."""
