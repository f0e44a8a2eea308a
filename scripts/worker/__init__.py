"""What every script shares: settings, the tracker's client, names, heartbeat, loop and start-up."""
