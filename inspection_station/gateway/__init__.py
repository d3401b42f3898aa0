"""Headquarters' side of the exchange: ingest with receipts, the log, pictures, enrolment. Its store is its own."""
