"""WHAT JOBS ARE MADE OF: the recipes that more than one job, or the command line, needs. They know ports and core, nothing else."""
