"""The program: the model, the configuration, the desk, its client, the reports, the Textual app and the commands."""
