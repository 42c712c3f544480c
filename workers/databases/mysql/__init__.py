"""MySQL and MariaDB as targets, as scratch servers and as sources of facts."""
