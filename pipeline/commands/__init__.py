"""What the command line offers: a file a group of commands. Heavy imports wait until a command runs."""
