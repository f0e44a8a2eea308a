"""Checked copies, the catalogue of what is public, and the page that lists it: what scripts D and E work with."""
