"""Export: a reduced model as self-contained C in a Functional Mock-up Unit, with a card that says what it is."""
