"""The widgets of the cockpit: the kit they are made of, the views, the frame around them and the dialogs."""
