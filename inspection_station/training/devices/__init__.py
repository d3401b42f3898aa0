"""Training devices: they implement the ports and show whoever stands on the stage."""
