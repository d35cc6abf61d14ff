"""What the stories of all clients share."""
