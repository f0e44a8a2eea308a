"""Many clients drain many tickets through several servers, of which one is killed, as is a backend of the database."""

SLUG, STATE = "demo", "encoding"
