"""The card's side of the electronic document."""
