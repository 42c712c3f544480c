"""Published projects through the whole bot; long, because each is installed and imported for real."""
