"""What each rule finds in a statement, one file for each rule."""
