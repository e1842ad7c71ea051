"""What surrounds the views: status bar, tabs, key bar, banners and the layout of the board."""
