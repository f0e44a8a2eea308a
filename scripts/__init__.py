"""The clients of the tracker: six scripts, what they share, and all that touches media."""
