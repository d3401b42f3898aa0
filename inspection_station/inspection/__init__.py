"""The core: what an inspection is and how it advances. Standard library only, frozen values, no clock, no I/O."""
