"""What is: one folder for each database engine, with the same file names in each."""
