"""What each page shows, decided without Qt."""
