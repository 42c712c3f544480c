"""What people read: one frozen view for each template."""
