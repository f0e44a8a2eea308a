"""What a demonstration and the tests need: an invented conference with real recordings."""
