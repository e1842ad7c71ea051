"""Starting and ending desks, sandbox venues and headless runs."""
