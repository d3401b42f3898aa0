"""The only user of SQLite on the station."""
