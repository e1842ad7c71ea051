"""A timeline of prices, flow, faults and money for a venue, read from TOML and played on any clock."""
