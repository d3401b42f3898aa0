"""Agencies' systems: adapters over HTTP, what they answer to stations, what is forwarded to them, and simulators.

Start at ``asking.Agencies`` (questions), ``forwarding.Forwarding`` (records up) and ``simulator.app``.
"""
