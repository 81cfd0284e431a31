"""What verification cases measure on single bodies, and the closed forms that they are compared with."""
