"""The server of Fahrwerk. This file stays empty of code: workers import ``tracker.wire`` and must not load Flask."""
