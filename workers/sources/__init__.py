"""What should be: one folder for each tool that owns a schema's history."""
