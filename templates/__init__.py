"""What the comments and the committed documents look like."""
