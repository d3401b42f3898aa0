"""Application layer: one inspection at a time through devices, comparison and store. No Qt, no SQL, no driver."""
