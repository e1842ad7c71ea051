"""The report as one HTML file: tables, charts and print styles, without a script or a reference to anything outside."""
