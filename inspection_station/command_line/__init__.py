"""What the two programs' command lines share: options, refusals, output, and how a verb ends.

Exit codes: 0 done, 1 a negative finding, 2 bad usage or input, 3 a device or service is missing.
"""
