"""Where a venue is reached: its services by name, their URLs, and the certificate that they show."""
