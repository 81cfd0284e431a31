"""Population balances: size distributions and their change."""
