"""Devices: ports, registry, worker and supervisor. Drivers are reached through their entry-point group alone."""
