"""From a case file to a reduced model: case, driver, exchange, reduced model, export and command line."""
